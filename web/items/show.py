"""One checklist item: the page that a reminder leads to, and the forms that change it.

Looking never changes anything: mail scanners follow links. A form sends the state that is wanted,
never "the other one", so that sending it twice does no harm. What cannot be done is said on the
item's page, with what was typed still in its fields.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.campaigns.provisional import is_provisional
from events.checklist.dependencies import waited_for
from events.checklist.editing import EDITABLE, sets_its_own_date
from events.checklist.erasing import erase_evidence, may_erase
from events.checklist.evidence import (
    Proof,
    add_pieces,
    file_of,
    get_evidence,
    remove_evidence,
)
from events.checklist.history import Stamp, history_of, undivided_in
from events.checklist.integration import credited_to, stand_in
from events.checklist.listing import get_item, lines_of
from events.checklist.origins import is_gone
from events.checklist.real_days import first_days, proposed_day
from events.checklist.rights import (
    may_excuse,
    may_work_on_item,
    require_doer,
    require_reader,
    went_over,
)
from events.checklist.states import (
    block_item,
    complete_item,
    correct_real_day,
    decline_item,
    excuse_item,
    reopen_item,
    start_item,
)
from events.checklist.story import story_of
from events.checklist.stray_files import drop_erased
from events.checklist.undo import is_choice, last_change, undo_change
from events.database.sessions import Session
from events.documents.lookup import documents_of_item
from events.errors import (
    N_,
    DomainError,
    EvidenceMissingError,
    InvalidInputError,
    NotFoundError,
    RealDayError,
)
from events.models import ChecklistItem, ItemState, Person, Unit
from events.people.rights import Capability, may
from events.units.tree import ancestors, children
from events.words.language import say
from web.items.proofs import proofs_sent
from web.kit.addresses import safe_next
from web.kit.context import (
    current_person,
    get_calendar,
    get_config,
    get_session,
    now,
    signed_in_person,
    today,
)
from web.kit.entries import day_of, id_of
from web.kit.forms import for_people, said, send
from web.kit.language import current
from web.kit.language import gettext as _
from web.kit.uploads import LARGEST_UPLOAD, as_download
from web.kit.words import day_text

bp = Blueprint("items", __name__, url_prefix="/viec")

_UPLOADS = {"items.complete", "items.give"}

_Change = Callable[[Session, Person, datetime], ChecklistItem]


class DayProposedError(RealDayError):
    """Raised to ask whether an item was done on the day of its evidence, before it is ticked."""

    msgid = N_(
        "The evidence is of %(day)s, which stands below now as the day it was done. Please check "
        "it and mark the item as done once more."
    )

    def __init__(self, day: date) -> None:
        super().__init__(day=day_text(day))
        self.day = day


@bp.url_value_preprocessor
def allow_uploads(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let the forms with files be larger than others.

    This runs before the form is read for its token.
    """
    if request.endpoint in _UPLOADS and current_person() is not None:
        request.max_content_length = LARGEST_UPLOAD


@bp.get("/<int:item_id>")
def show(item_id: int) -> str:
    """Show one item with its history. ``?back=`` is where its form leads afterwards."""
    session = get_session()
    item = get_item(session, item_id)
    require_reader(session, current_person(), item, today())
    return _page(
        item,
        back=safe_next(request.args.get("back"), url_for(".show", item_id=item_id)),
    )


@bp.post("/<int:item_id>/hoan-thanh")
def complete(item_id: int) -> ResponseReturnValue:
    """Tick off one item, with the evidence that came along and the day on which it was done, and go
    back to where the form stood.
    """

    proofs: list[Proof] = []

    def change(session: Session, person: Person, at: datetime) -> ChecklistItem:
        done_on = day_of(request.form.get("done_on", ""))
        given = proofs and add_pieces(session, item_id, proofs, Stamp(person, at))
        unit = session.get(Unit, id_of(request.form.get("on_behalf_of", "")) or 0)
        try:
            if given:
                _ask_for_day(get_item(session, item_id), done_on)
            stamp = Stamp(person, at)
            item = complete_item(session, item_id, stamp, done_on=done_on, on_behalf_of=unit)
        except (EvidenceMissingError, RealDayError):
            if given:
                session.commit()  # nobody uploads it again because something else is not right yet
                summary = get_item(session, item_id).summary
                flash(_("Evidence was saved: %(summary)s", summary=summary), "success")
            raise
        _remark(session, item)
        return item

    return _change(
        item_id,
        change,
        lambda item: _("Done: %(summary)s", summary=item.summary),
        first=lambda person: proofs.extend(proofs_sent(item_id, person)),
    )


@bp.post("/<int:item_id>/ngay-hoan-thanh")
def correct_day(item_id: int) -> ResponseReturnValue:
    """Say that what is done was done on another day."""

    def change(session: Session, person: Person, at: datetime) -> ChecklistItem:
        done_on = day_of(request.form.get("done_on", ""))
        if done_on is None:
            raise InvalidInputError(N_("Please enter the day on which it was done."))
        return correct_real_day(session, item_id, done_on, Stamp(person, at))

    return _change(
        item_id,
        change,
        lambda item: _("The day on which it was done is stored: %(summary)s", summary=item.summary),
    )


@bp.post("/<int:item_id>/minh-chung")
def give(item_id: int) -> ResponseReturnValue:
    """Add evidence and leave the item open."""

    proofs: list[Proof] = []

    def change(session: Session, person: Person, at: datetime) -> ChecklistItem:
        pieces = add_pieces(session, item_id, proofs, Stamp(person, at))
        if not pieces:
            raise InvalidInputError(N_("Please enter or choose a piece of evidence."))
        return pieces[0].item

    return _change(
        item_id,
        change,
        lambda item: _("Evidence was saved: %(summary)s", summary=item.summary),
        first=lambda person: proofs.extend(proofs_sent(item_id, person)),
    )


@bp.post("/<int:item_id>/minh-chung/<int:evidence_id>/bo")
def take_away(item_id: int, evidence_id: int) -> ResponseReturnValue:
    """Take one piece of evidence away."""

    def change(session: Session, person: Person, at: datetime) -> ChecklistItem:
        return remove_evidence(session, evidence_id, Stamp(person, at))

    return _change(
        item_id,
        change,
        lambda item: _("Evidence was taken away: %(summary)s", summary=item.summary),
    )


@bp.post("/<int:item_id>/minh-chung/<int:evidence_id>/xoa-han")
def erase(item_id: int, evidence_id: int) -> ResponseReturnValue:
    """Erase one piece of evidence with its file: nothing of it is kept."""
    erased: list[str | None] = []

    def use(session: Session, person: Person, at: datetime) -> None:
        if get_evidence(session, evidence_id).item_id != item_id:
            raise NotFoundError(kind="evidence", key=evidence_id)
        erased.append(erase_evidence(session, evidence_id, Stamp(person, at)))

    answer = send(
        use,
        url_for(".show", item_id=item_id),
        _("The evidence was erased. History says that it was, and nothing of what it was."),
    )
    for digest in erased:
        drop_erased(get_session(), get_config().files, digest, now())
    return answer


@bp.get("/<int:item_id>/minh-chung/<int:evidence_id>/tep")
def download(item_id: int, evidence_id: int) -> ResponseReturnValue:
    """Answer with an uploaded file: to people with a post there or above, to be saved and never
    shown by the browser.
    """

    def file(person: Person) -> Response:
        piece, body = file_of(get_session(), evidence_id, get_config().files, by=person, on=today())
        if piece.item_id != item_id:
            raise NotFoundError(kind="file", key=evidence_id)
        return as_download(body, piece.file_type, piece.file_name)

    return for_people(file)


@bp.post("/<int:item_id>/bat-dau")
def start(item_id: int) -> ResponseReturnValue:
    """Say that work has begun."""
    return _change(
        item_id,
        _use(start_item, item_id),
        lambda item: _("In progress: %(summary)s", summary=item.summary),
    )


@bp.post("/<int:item_id>/vuong-mac")
def block(item_id: int) -> ResponseReturnValue:
    """Say what stands in the way."""
    change = _use(block_item, item_id, request.form.get("note", ""))
    return _change(item_id, change, lambda item: _("Held up: %(summary)s", summary=item.summary))


@bp.post("/<int:item_id>/khong-thuc-hien")
def decline(item_id: int) -> ResponseReturnValue:
    """Say that it was not done, and why."""
    change = _use(decline_item, item_id, request.form.get("reason", ""))
    return _change(item_id, change, lambda item: _("Not done: %(summary)s", summary=item.summary))


@bp.post("/<int:item_id>/khong-yeu-cau")
def excuse(item_id: int) -> ResponseReturnValue:
    """Say that the unit does not need it, and why."""
    change = _use(excuse_item, item_id, request.form.get("reason", ""))
    return _change(
        item_id, change, lambda item: _("Not required: %(summary)s", summary=item.summary)
    )


@bp.post("/<int:item_id>/mo-lai")
def reopen(item_id: int) -> ResponseReturnValue:
    """Take the tick back."""
    return _change(
        item_id,
        _use(reopen_item, item_id),
        lambda item: _("Open again: %(summary)s", summary=item.summary),
    )


@bp.post("/<int:item_id>/hoan-tac")
def undo(item_id: int) -> ResponseReturnValue:
    """Take the newest change back."""
    number = id_of(request.form.get("change", "")) or 0

    def change(session: Session, person: Person, at: datetime) -> ChecklistItem:
        return undo_change(session, item_id, number, Stamp(person, at))

    return _change(
        item_id,
        change,
        lambda item: _("The last change was taken back: %(summary)s", summary=item.summary),
    )


def _use(use_case: Callable[..., ChecklistItem], *arguments: Any) -> _Change:
    """Return the call of a use case once somebody is signed in."""
    return lambda session, person, at: use_case(session, *arguments, Stamp(person, at))


def _change(
    item_id: int,
    change: _Change,
    sentence: Callable[[ChecklistItem], str],
    first: Callable[[Person], object] = lambda person: None,
) -> ResponseReturnValue:
    back = safe_next(request.form.get("back"), url_for(".show", item_id=item_id))
    # before anything is read from the form: what is wrong with it is said on the item's page
    require_doer(get_session(), signed_in_person(), get_item(get_session(), item_id), today())

    def again(_person: Person, error: DomainError) -> str | tuple[str, int]:
        item = get_item(get_session(), item_id)
        if isinstance(error, DayProposedError):
            flash(say(error, current()), "warning")
            return _page(item, back=back, done_on=error.day), 200
        return _page(item, back=back, error=error, done_on=request.form.get("done_on"))

    return send(change, f"{back}#viec-{item_id}", sentence, again, first=first)


def _ask_for_day(item: ChecklistItem, done_on: date | None) -> None:
    """Raise ``DayProposedError`` where the evidence that just came speaks for another day than the
    one that stood in the form and that nobody touched.
    """
    stood_there = day_of(request.form.get("done_on_shown", ""))
    if stood_there is None or done_on != stood_there:
        return
    first = first_days(get_session(), [item.campaign])[item.campaign_id]
    proposed = proposed_day(item, first, today())
    if proposed is not None and proposed != done_on:
        raise DayProposedError(proposed)


def _remark(session: Session, item: ChecklistItem) -> None:
    """Warn that what an item should wait for is open still; that keeps nobody from doing it."""
    first = [
        f"{one.campaign.unit.full_name}: {one.summary}"
        for one in waited_for(session, [item])[item.id]
        if one.is_open
    ]
    if first:
        flash(
            _("Done before what it should wait for: %(items)s.", items="; ".join(first)), "warning"
        )


def _page(
    item: ChecklistItem,
    *,
    back: str,
    error: DomainError | None = None,
    done_on: date | str | None = None,
) -> str:
    """Return the page of an item; ``done_on`` stands in the field of its real day, as typed or
    proposed just now.
    """
    session = get_session()
    line = next(line for line in lines_of(session, item.campaign, today()) if line.item is item)
    history = history_of(session, item)
    last = last_change(history)
    person = current_person()
    may_choose = person is not None and may(
        session, person, Capability.DO_WORK, item.campaign.unit, today()
    )
    # neither opening it nor an undo that would is offered
    gone = item.state is ItemState.NOT_REQUIRED and is_gone(item)
    return render_template(
        "items/show.html",
        line=line,
        item=item,
        campaign=item.campaign,
        unit_path=ancestors(item.campaign.unit)[::-1],
        history=[(change, story_of(change, current())) for change in history],
        last_change=(last.id, story_of(last, current()))
        if last and not gone and (may_choose or not is_choice(last))
        else None,
        went_over=went_over(item, history),
        credited=credited_to(session, item),
        stand_in=stand_in(session, item),
        documents=documents_of_item(session, item, drafts=may_choose),
        edited=[_(EDITABLE[name]) for name in item.edited if name in EDITABLE],
        is_provisional=item.is_open
        and not sets_its_own_date(item)
        and is_provisional(item, get_calendar()),
        below=children(session, item.campaign.unit, today()),
        is_gone=gone,
        undivided=undivided_in(history) if item.is_open else [],
        may_excuse=person is not None and may_excuse(session, person, item, today()),
        may_choose=may_choose,
        may_tick=person is not None and may_work_on_item(session, person, item, today()),
        erasable={
            piece.id
            for piece in item.evidence_given
            if piece.file_digest is not None
            and person is not None
            and may_erase(session, person, piece, today())
        },
        error=said(error),
        back=back,
        done_on=done_on,
    )
