"""Signing in, by password or by a mailed link, with a second factor or without; signing out."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security.utils import hash_password
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from events.people.persons import find_person
from web.accounts import codes, links, passkeys
from web.accounts.entering import come_in, half_in, has_passkeys
from web.accounts.forms import (
    CodeForm,
    ConfirmForm,
    LinkForm,
    NewPasswordForm,
    SignInForm,
)
from web.accounts.models import Account, LinkPurpose
from web.accounts.pace import (
    counter_of_links,
    counter_of_visitor,
    counters_of,
    failed,
    refuse_the_hasty,
    succeeded,
)
from web.accounts.security import forgetful, let_in, let_out, password_is_right, set_password
from web.accounts.setup import has_administrator
from web.accounts.tries import count_failure
from web.kit.addresses import safe_next
from web.kit.context import (
    begin_writing,
    get_config,
    get_reader,
    get_session,
    now,
    read_again,
)
from web.kit.language import gettext as _

bp = Blueprint("accounts", __name__)

_UNPROCESSABLE = 422
_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@bp.get("/dang-nhap")
def sign_in() -> str:
    """Offer the ways to sign in."""
    form = SignInForm(formdata=None, next=safe_next(request.args.get("next")))
    return _sign_in_page(form)


@bp.post("/dang-nhap")
def sign_in_by_password() -> ResponseReturnValue:
    """Sign in with e-mail and password. The slow comparison is over before anything is written."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _sign_in_page(form), _UNPROCESSABLE
    counters = counters_of(form.email.data)
    refuse_the_hasty(*counters)
    with get_reader() as reader:
        is_right = password_is_right(_account_with(reader, form.email.data), form.password.data)
    account = _account_with(begin_writing(), form.email.data)
    if not is_right or account is None:
        failed(*counters, about=account.person if account else None, way="password")
        form.password.errors = [
            _("E-mail and password do not match. Please check both, or have a link sent to you.")
        ]
        return _sign_in_page(form), _UNPROCESSABLE
    succeeded(counters[0])
    return come_in(account, form.next.data, way="password")


@bp.post("/dang-nhap/lien-ket")
def send_link() -> ResponseReturnValue:
    """Mail a link, if the address is somebody's. The answer is the same either way."""
    form = LinkForm()
    if not form.validate_on_submit():
        return _sign_in_page(SignInForm(formdata=None), form), _UNPROCESSABLE
    return _send(form, LinkPurpose.SIGN_IN)


@bp.get("/dang-nhap/quen-mat-khau")
def forgotten() -> str:
    """Offer a link for a new password."""
    return render_template("accounts/forgotten.html", form=LinkForm(formdata=None))


@bp.post("/dang-nhap/quen-mat-khau")
def send_password_link() -> ResponseReturnValue:
    """Mail a link for a new password, if the address is somebody's."""
    form = LinkForm()
    if not form.validate_on_submit():
        return render_template("accounts/forgotten.html", form=form), _UNPROCESSABLE
    return _send(form, LinkPurpose.PASSWORD)


@bp.get("/dang-nhap/da-gui")
def link_sent() -> str:
    return render_template(
        "accounts/link_sent.html", minutes=get_config().link_lifetime.seconds // 60
    )


@bp.get("/dang-nhap/lien-ket/<token>")
def open_link(token: str) -> ResponseReturnValue:
    """Show the one button. Nothing happens by looking: programs follow links in mails."""
    account = links.look_at(get_session(), token, LinkPurpose.SIGN_IN, now=now())
    return _link_page(account)


@bp.post("/dang-nhap/lien-ket/<token>")
def sign_in_by_link(token: str) -> ResponseReturnValue:
    """Sign in with a mailed link, which is used up."""
    refuse_the_hasty(counter_of_visitor())
    account = links.use_up(begin_writing(), token, LinkPurpose.SIGN_IN, now=now())
    if account is None:
        failed(counter_of_visitor(), about=None, way="mailed-link")
        return _link_page(None)
    return come_in(account, request.args.get("next"), way="mailed-link")


@bp.get("/dang-nhap/mat-khau/<token>")
def open_password_link(token: str) -> ResponseReturnValue:
    """Show the form for a new password."""
    account = links.look_at(get_session(), token, LinkPurpose.PASSWORD, now=now())
    return _new_password_page(account, NewPasswordForm(formdata=None))


@bp.post("/dang-nhap/mat-khau/<token>")
def choose_password(token: str) -> ResponseReturnValue:
    """Give an account a new password; the link is used up once the password is good enough."""
    refuse_the_hasty(counter_of_visitor())
    session, form = get_session(), NewPasswordForm()
    account = links.look_at(session, token, LinkPurpose.PASSWORD, now=now())
    if account is None:
        failed(counter_of_visitor(), about=None, way="mailed-link")
        return _new_password_page(None, form)
    form.known = (account.email, account.person.full_name)
    if not form.validate_on_submit():
        page, _status, headers = _new_password_page(account, form)
        return page, _UNPROCESSABLE, headers
    hashed = hash_password(form.password.data)
    account = links.use_up(begin_writing(), token, LinkPurpose.PASSWORD, now=now())
    if account is None:
        read_again()
        return _new_password_page(None, form)
    set_password(account, hashed)
    flash(_("The password is changed."), "success")
    return come_in(account, "/", way="mailed-link")


@bp.get("/dang-nhap/buoc-hai")
def second_step() -> ResponseReturnValue:
    """Ask whoever knew the password for the second factor."""
    return _second_step_page(CodeForm(formdata=None), 200)


@bp.post("/dang-nhap/buoc-hai")
def give_code() -> ResponseReturnValue:
    """Sign in with a code of the telephone, or a spare one."""
    form, found = CodeForm(), half_in()
    if found is None:
        return redirect(url_for(".sign_in"), 303)
    account, way, next_path = found
    counters = counters_of(f"code:{account.id}")
    refuse_the_hasty(*counters)
    if not form.validate_on_submit():
        return _second_step_page(form, _UNPROCESSABLE)
    begin_writing()
    if not codes.take_code(account, form.code.data, now=now(), secret_key=get_config().secret_key):
        failed(*counters, about=account.person, way="code")
        form.code.errors = [_("This code is wrong, or was used already.")]
        return _second_step_page(form, _UNPROCESSABLE)
    succeeded(counters[0])
    let_in(account, way=f"{way}+code", two_factors=True)
    get_session().commit()
    return redirect(next_path, 303)


@bp.post("/dang-nhap/khoa/bat-dau")
def ask_for_passkey() -> ResponseReturnValue:
    """Answer with what the browser is asked for a passkey, whoever it is."""
    question = passkeys.question_to_sign_in(get_config())
    return Response(question, mimetype="application/json", headers=_PRIVATE)


@bp.post("/dang-nhap/khoa")
def sign_in_by_passkey() -> ResponseReturnValue:
    """Sign in with a passkey, which is two factors at once."""
    refuse_the_hasty(counter_of_visitor())
    session, next_path = begin_writing(), safe_next(request.form.get("next"))
    answer = request.form.get("credential", "")
    account = passkeys.whose(session, answer, get_config(), now=now())
    if account is None:
        failed(counter_of_visitor(), about=None, way="passkey")
        flash(_("This passkey could not be checked. Please try again."), "error")
        return redirect(url_for(".sign_in", next=next_path), 303)
    let_in(account, way="passkey", two_factors=True)
    session.commit()
    return redirect(next_path, 303)


@bp.post("/dang-xuat")
def sign_out() -> ResponseReturnValue:
    """Sign this device out; a copy of its cookie is worth nothing either."""
    session = begin_writing()
    let_out()
    session.commit()
    flash(_("Signed out."), "success")
    return forgetful(redirect(url_for("home.show"), 303))


def _account_with(session: Session, email: str) -> Account | None:
    query = select(Account).where(Account.email == email).options(joinedload(Account.person))
    return session.scalar(query)


def _send(form: LinkForm, purpose: LinkPurpose) -> ResponseReturnValue:
    """Mail a link of one purpose. Every request counts, whosever address it names."""
    counter = counter_of_links()
    refuse_the_hasty(counter)
    session = begin_writing()
    count_failure(session, counter, now=now())
    person = find_person(session, form.email.data)
    if person is not None:
        links.send_link(session, person, safe_next(form.next.data), now=now(), purpose=purpose)
    session.commit()
    return redirect(url_for(".link_sent"), 303)


def _sign_in_page(form: SignInForm, link_form: LinkForm | None = None) -> str:
    link_form = link_form or LinkForm(formdata=None, next=form.next.data)
    is_new = not has_administrator(get_session())
    return render_template(
        "accounts/sign_in.html",
        form=form,
        link_form=link_form,
        is_new=is_new,
        can_have_passkeys=passkeys.possible(get_config()),
    )


def _link_page(account: Account | None) -> ResponseReturnValue:
    page = render_template("accounts/link.html", found=account, form=ConfirmForm(formdata=None))
    return page, (200 if account else 410), _PRIVATE


def _new_password_page(
    account: Account | None, form: NewPasswordForm
) -> tuple[str, int, dict[str, str]]:
    page = render_template("accounts/new_password.html", found=account, form=form)
    return page, (200 if account else 410), _PRIVATE


def _second_step_page(form: CodeForm, status: int) -> ResponseReturnValue:
    found = half_in()
    if found is None:
        return redirect(url_for(".sign_in"), 303)
    account = found[0]
    page = render_template(
        "accounts/second_step.html",
        form=form,
        has_codes=bool(account.code_key),
        has_passkeys=has_passkeys(account),
    )
    return page, status
