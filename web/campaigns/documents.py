"""A campaign's documents: what was written, issued, corrected and replaced, and the theme that they
print.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from wtforms import FileField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from events.campaigns.lookup import get_campaign
from events.checklist.own_plan import items_of_own_plan
from events.checklist.stray_files import drop_erased
from events.database.sessions import Session
from events.documents import corrections, erasing, lookup, register
from events.documents.register import Paper
from events.errors import N_, InvalidInputError
from events.files.store import StoredFile
from events.models import Campaign, ChecklistItem, Document, DocumentKind, Person, Unit
from events.models.documents import KINDS as NAMES_OF_KINDS
from events.observances import printed
from events.people.rights import Capability, require
from events.people.visibility import Fact
from events.units.tree import ancestors
from web.kit.context import current_person, get_config, get_session, now, signed_in_person, today
from web.kit.entries import day_of, id_of
from web.kit.fields import DateField, SelectField
from web.kit.forms import ChangingForm, Form, for_people, send, send_form, wanted_state
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.uploads import LARGEST_UPLOAD, as_download, take_in
from web.kit.visibility import allowed, require_sight, sees
from web.kit.words import unit_within

bp = Blueprint("documents", __name__, url_prefix="/chien-dich/<uid>/van-ban")


_UPLOADS = {"documents.add", "documents.correct"}


@bp.url_value_preprocessor
def allow_uploads(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let the forms with a file be larger than others.

    This runs before the form is read for its token.
    """
    if request.endpoint in _UPLOADS and current_person() is not None:
        request.max_content_length = LARGEST_UPLOAD


KINDS = {kind: _l(name) for kind, name in NAMES_OF_KINDS.items()}
COLUMNS = {name: _l(label) for name, label in corrections.COLUMNS.items()}
_NONE = "0"


class PaperForm(ChangingForm):
    """What stands on a document."""

    kind = SelectField(
        _l("Type"), choices=[SelectChoice(kind.value, label) for kind, label in KINDS.items()]
    )
    abstract = StringField(
        _l("Abstract"), [InputRequired(_l("Please enter what the document is about."))]
    )
    number = StringField(
        _l("Document number"),
        description=_l("With its symbol, as on the paper; empty while it is unknown."),
    )
    dated = DateField(_l("Date on the document"), [Optional()])
    issued = DateField(_l("Issued on"), [Optional()])
    issuer = StringField(
        _l("Issued by"), description=_l("The body that signs; empty while it is unknown.")
    )
    signer = StringField(_l("Signed by"))
    item = SelectField(_l("For the item"))
    stored: StoredFile | None = None
    file = FileField(_l("File (PDF, DOCX, XLSX or photo; at most 10 MB)"))

    def take_in(self, person: Person, unit: Unit) -> None:
        """Store the file, if one came and whoever sent it may.

        Raises ``NotAllowedError``, and ``InvalidInputError`` for a file that is not taken.
        """
        require(get_session(), person, Capability.DO_WORK, unit, today())
        sent = request.files.get(self.file.name)
        self.stored = next(iter(take_in([sent] if sent else [], unit)), None)

    def paper(self) -> Paper:
        """Return what was entered, with the file that was stored for it."""
        values = (
            self.abstract.data,
            self.number.data,
            self.dated.data,
            self.issuer.data,
            self.signer.data,
        )
        return Paper(DocumentKind(self.kind.data), *values, file=self.stored)


class ThemeForm(ChangingForm):
    """A campaign's own theme."""

    theme = StringField(_l("Theme"), description=_l("Empty: the theme of the year."))
    slogans = TextAreaField(_l("Slogans"), description=_l("One a line."), render_kw={"rows": 4})


@bp.get("")
def index(uid: str) -> str:
    """List a campaign's documents, with the forms to add one, for the item ``?viec=`` if it is
    named, and to choose a theme.
    """
    campaign = get_campaign(get_session(), uid)
    if not sees(Fact.ISSUED_DOCUMENT, campaign.unit):
        return _public_page(campaign)
    return _page(campaign)


@bp.post("")
def add(uid: str) -> ResponseReturnValue:
    """Enter a draft."""
    campaign = _to_write_in(uid)
    form = _paper_form(campaign)

    def use(session: Session, person: Person, at: datetime) -> Document:
        item = _item(session, campaign, form)
        return register.add_document(session, campaign, form.paper(), item=item, by=person, now=at)

    def sentence(document: Document) -> str:
        return _("Entered: %(abstract)s", abstract=document.abstract)

    return send_form(
        form,
        use,
        _list(campaign),
        sentence,
        lambda problem: _page(campaign, form, problem=problem),
        first=lambda person: form.take_in(person, campaign.unit),
    )


@bp.get("/<document>/sua")
def edit(uid: str, document: str) -> ResponseReturnValue:
    """Show the form to correct what was entered, to those who may."""
    session = get_session()
    campaign = get_campaign(session, uid)

    def page(person: Person) -> str:
        require(session, person, Capability.DO_WORK, campaign.unit, today())
        return _edit_page(campaign, lookup.get_document(session, campaign, document))

    return for_people(page)


@bp.post("/<document>/sua")
def correct(uid: str, document: str) -> ResponseReturnValue:
    """Correct what was entered, and the day on which it was issued."""
    session = get_session()
    campaign = _to_write_in(uid)
    found = lookup.get_document(session, campaign, document)
    # which a page that was opened before does not send
    form = _paper_form(campaign, found, issued=found.issued)
    stood = _due_dates(campaign)

    def use(session: Session, person: Person, at: datetime) -> bool:
        before, item = found.issued, _item(session, campaign, form)
        issued = form.issued.data if form.issued else None
        known = {"issued": issued, "shown": form.shown.data or None}
        register.correct_document(
            session, found, form.paper(), item=item, **known, by=person, now=at
        )
        return found.issued != before

    def sentence(is_issued_otherwise: bool) -> str:
        corrected = _("Corrected: %(abstract)s", abstract=found.abstract)
        return (
            corrected
            + _followed(campaign, stood)
            + (_dates_below(campaign, found) if is_issued_otherwise else "")
        )

    return send_form(
        form,
        use,
        _list(campaign),
        sentence,
        lambda problem: _edit_page(campaign, found, form, problem),
        first=lambda person: form.take_in(person, campaign.unit),
    )


@bp.get("/<document>/tep")
def download(uid: str, document: str) -> ResponseReturnValue:
    """Answer with a document's file, to be saved and never shown by the browser: to people with a
    post there or above, and of a public one to everybody.
    """
    session = get_session()
    found = lookup.get_document(session, get_campaign(session, uid), document)
    body = lookup.file_of(session, found, get_config().files, by=current_person(), on=today())
    return as_download(body, found.file_type, found.file_name)


@bp.post("/<document>/tep/xoa-han")
def erase(uid: str, document: str) -> ResponseReturnValue:
    """Erase a document's file, which should never have been here; the document stays."""
    session, erased = get_session(), list[str]()
    campaign = _to_write_in(uid)
    found = lookup.get_document(session, campaign, document)

    def use(session: Session, person: Person, at: datetime) -> None:
        erased.append(erasing.erase_file(session, found, by=person, now=at))

    answer = send(
        use,
        _list(campaign),
        _("The file was erased. “What was corrected” says that it was, and not how it was called."),
    )
    for digest in erased:
        drop_erased(get_session(), get_config().files, digest, now())
    return answer


@bp.post("/<document>/ban-hanh")
def issue(uid: str, document: str) -> ResponseReturnValue:
    """Record that a document went out; what it prints is kept from now on."""
    session = get_session()
    campaign = _to_write_in(uid)
    found = lookup.get_document(session, campaign, document)
    stood = _due_dates(campaign)

    def use(session: Session, person: Person, at: datetime) -> None:
        on = day_of(request.form.get("on", ""))
        if on is None:
            raise InvalidInputError(N_("Please enter the day of issue."))
        register.issue_document(session, found, on, by=person, now=at)

    def sentence(_nothing: None) -> str:
        issued = _("Issued: %(abstract)s", abstract=found.abstract) + _followed(campaign, stood)
        return issued + _still_open(found) + _dates_below(campaign, found)

    def again(problem: str | None) -> str:
        return _page(campaign, days_typed={found.id: request.form.get("on", "")}, problem=problem)

    return send_form(Form(), use, _list(campaign), sentence, again)


@bp.post("/<document>/cong-khai")
def publish(uid: str, document: str) -> ResponseReturnValue:
    """Let everybody read a document, or no longer."""
    session = get_session()
    campaign = _to_write_in(uid)
    found, public = lookup.get_document(session, campaign, document), wanted_state()

    def use(session: Session, person: Person, at: datetime) -> None:
        register.mark_public(session, found, public=public, by=person, now=at)

    sentence = (
        _("Everybody may read this document now.")
        if public
        else _("Only people with a post may read this document now.")
    )
    return send(use, _list(campaign), sentence)


@bp.post("/<document>/thay-the")
def supersede(uid: str, document: str) -> ResponseReturnValue:
    """Record that a document replaces another one of the unit, also of an earlier campaign."""
    session = get_session()
    campaign = _to_write_in(uid)
    found = lookup.get_document(session, campaign, document)
    older = lookup.get_document_of(session, campaign.unit, request.form.get("older", ""))
    stood = _due_dates(campaign)

    def use(session: Session, person: Person, at: datetime) -> None:
        register.supersede(session, found, older, by=person, now=at)

    def sentence(_nothing: None) -> str:
        replaced = _(
            "“%(older)s” is replaced by “%(abstract)s”.",
            older=older.abstract,
            abstract=found.abstract,
        )
        return replaced + _followed(campaign, stood).removeprefix(".")

    return send_form(
        Form(), use, _list(campaign), sentence, lambda problem: _page(campaign, problem=problem)
    )


@bp.post("/chu-de")
def choose_theme(uid: str) -> ResponseReturnValue:
    """Give the campaign its own theme and slogans."""
    campaign = _to_write_in(uid)
    form = ThemeForm()

    def use(session: Session, person: Person, at: datetime) -> None:
        slogans = (form.slogans.data or "").splitlines()
        printed.choose_theme(
            session,
            campaign,
            form.theme.data or "",
            slogans,
            shown=form.shown.data or None,
            by=person,
            now=at,
        )

    sentence = _("The theme of this campaign is stored.")
    return send_form(
        form,
        use,
        _list(campaign),
        sentence,
        lambda problem: _page(campaign, theme_form=form, problem=problem),
    )


def _to_write_in(uid: str) -> Campaign:
    """Return the campaign, to whoever may enter documents there: what is wrong with a form is said
    on a page of theirs.
    """
    campaign = get_campaign(get_session(), uid)
    require(get_session(), signed_in_person(), Capability.DO_WORK, campaign.unit, today())
    return campaign


def _list(campaign: Campaign) -> str:
    return url_for(".index", uid=campaign.uid)


def _public_page(campaign: Campaign) -> str:
    """Show what everybody may read; where that is nothing, send strangers to sign in."""
    found = [
        document
        for document in lookup.documents_of(get_session(), campaign, drafts=False)
        if lookup.is_public(document)
    ]
    if not found:
        require_sight(Fact.ISSUED_DOCUMENT, campaign.unit)
    return render_template(
        "documents/public.html",
        campaign=campaign,
        unit_path=ancestors(campaign.unit)[::-1],
        documents=found,
        prints={document.id: lookup.printed_by(document) for document in found},
        kinds=KINDS,
    )


def _page(
    campaign: Campaign,
    form: PaperForm | None = None,
    theme_form: ThemeForm | None = None,
    days_typed: Mapping[int, str] | None = None,
    problem: str | None = None,
) -> str:
    session, person, may_write = get_session(), current_person(), _may_write(campaign)
    found = lookup.documents_of(session, campaign, drafts=may_write)
    awaited = lookup.awaited_items(session, campaign)
    return render_template(
        "documents/index.html",
        campaign=campaign,
        unit_path=ancestors(campaign.unit)[::-1],
        documents=found,
        before=lookup.campaigns_before(session, campaign, drafts=may_write),
        prints={document.id: lookup.printed_by(document) for document in found},
        replaced=lookup.replacing(session, found, drafts=may_write),
        replaceable=lookup.replaceable(session, campaign.unit) if may_write else [],
        kinds=KINDS,
        columns=COLUMNS,
        awaited=awaited,
        of_own_plan=items_of_own_plan(campaign),
        leaves_time={
            document.id for document in found if lookup.leaves_time_below(document, awaited)
        },
        printed=printed.inherited(campaign),
        form=form or _new_form(campaign),
        theme_form=theme_form or _theme_form(campaign),
        days_typed=days_typed or {},
        problem=problem,
        may_write=may_write,
        erasable=erasing.erasable(session, person, campaign.unit, found, today())
        if person
        else set(),
        erased=corrections.ERASED,
    )


def _edit_page(
    campaign: Campaign,
    document: Document,
    form: PaperForm | None = None,
    problem: str | None = None,
) -> str:
    names = ("abstract", "number", "dated", "issued", "issuer", "signer")
    typed = {
        "kind": document.kind.value,
        "item": str(document.item_id or _NONE),
        "shown": register.facts_shown(document),
    }
    filled = form or _paper_form(
        campaign, document, **typed, **{name: getattr(document, name) for name in names}
    )
    path = ancestors(campaign.unit)[::-1]
    return render_template(
        "documents/edit.html",
        campaign=campaign,
        document=document,
        form=filled,
        kinds=KINDS,
        columns=COLUMNS,
        erased=corrections.ERASED,
        problem=problem,
        unit_path=path,
    )


def _theme_form(campaign: Campaign) -> ThemeForm:
    slogans, shown = "\n".join(campaign.slogans or []), printed.choice_shown(campaign)
    return ThemeForm(formdata=None, theme=campaign.theme, slogans=slogans, shown=shown)


def _new_form(campaign: Campaign) -> PaperForm:
    """Return the form for a new document: a plan, for the item of ``?viec=`` or the one that a plan
    is most likely for.
    """
    asked = request.args.get("viec", "")
    proposed = lookup.plan_item(get_session(), campaign)
    item = (
        asked
        if asked in {str(item.id) for item in campaign.items}
        else str(proposed.id if proposed else _NONE)
    )
    return _paper_form(campaign, formdata=None, issuer=lookup.likely_issuer(campaign), item=item)


def _paper_form(campaign: Campaign, document: Document | None = None, **values: Any) -> PaperForm:
    """Return the form of a document.

    Only an issued one has a day of issue to correct; its type stays.
    """
    form = PaperForm(**values)
    form.item.choices = [
        SelectChoice(_NONE, _("the whole campaign")),
        *(SelectChoice(str(item.id), item.summary) for item in campaign.items),
    ]
    if document is None or document.issued is None:
        del form.issued
    else:
        form.kind.choices = [SelectChoice(document.kind.value, KINDS[document.kind])]
    return form


def _due_dates(campaign: Campaign) -> dict[int, date]:
    return {item.id: item.due for item in campaign.items}


def _followed(campaign: Campaign, stood: Mapping[int, date]) -> str:
    """Return which items moved with the day on which their plan was issued; empty when none did."""
    moved = [item for item in campaign.items if item.due != stood.get(item.id, item.due)]
    if not moved:
        return ""
    items = "; ".join(f"“{item.summary}” → {item.due:%d/%m/%Y}" for item in moved)
    return ". " + _("Due dates that followed the plan: %(items)s", items=items)


def _dates_below(campaign: Campaign, document: Document) -> Markup | str:
    """Return what follows for the units below from the day on which a document was issued; empty
    when nothing does.
    """
    session = get_session()
    if not lookup.leaves_time_below(document, lookup.awaited_items(session, campaign)):
        return ""
    top = lookup.topmost(campaign)
    if not _may_write(top):
        return ". " + _(
            "Deadlines of the units below may follow it once %(unit)s moves the dates.",
            unit=unit_within(top.unit.full_name),
        )
    link = Markup('<a href="{}">{}</a>').format(
        url_for("reanchor.dates", uid=top.uid), _("Move dates")
    )
    return Markup(". {} {}").format(_("Deadlines of the units below may follow it:"), link)


def _still_open(document: Document) -> Markup | str:
    """Return the way to the item that a document was issued for, so that it can be ticked; empty
    when it is closed.
    """
    item = document.item
    if item is None or not item.is_open:
        return ""
    address = url_for(
        "items.show", item_id=item.id, back=url_for(".index", uid=document.campaign.uid)
    )
    link = Markup('<a href="{}" lang="vi">{}</a>').format(address, item.summary)
    return Markup(". {} {}").format(_("If its work is done, please tick the item:"), link)


def _item(session: Session, campaign: Campaign, form: PaperForm) -> ChecklistItem | None:
    number = id_of(form.item.data or "")
    return session.get(ChecklistItem, number) if number else None


def _may_write(campaign: Campaign) -> bool:
    return allowed(Capability.DO_WORK, campaign.unit)
