"""Passkeys (WebAuthn level 2): added by somebody who is signed in, and a way in with two factors at
once, since the device asks for its owner's finger, face or number.

The browser gets its question by a form and answers by the next one; the question waits in the
cookie. A name without a domain, such as 127.0.0.1, can have none (5.1.2, relying party identifier).
"""

import ipaddress
import json
from datetime import datetime
from urllib.parse import urlsplit

from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from events.errors import N_, ConflictError, InvalidInputError
from events.words.texts import one_line
from web.accounts.models import Account, Passkey
from web.accounts.secrets import digest_of
from web.kit.config import WebConfig

_QUESTION = "passkey_question"
_LONGEST_NAME = 100
_MOST = 20  # of one account
_WRONG = N_("This passkey could not be checked. Please try again.")


def possible(config: WebConfig) -> bool:
    """Tell whether browsers offer passkeys at the address of this installation."""
    host = _host(config)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return config.is_https or host == "localhost"
    return False


def question_to_add(session: Session, account: Account, config: WebConfig) -> str:
    """Return what the browser is asked for a new passkey, as JSON."""
    options = generate_registration_options(
        rp_id=_host(config),
        rp_name="Sum Vầy",
        user_id=digest_of(f"passkeys:{account.id}").encode(),
        user_name=account.email,
        user_display_name=account.person.full_name,
        exclude_credentials=[
            PublicKeyCredentialDescriptor(base64url_to_bytes(known.credential))
            for known in passkeys_of(session, account)
        ],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    cookie[_QUESTION] = bytes_to_base64url(options.challenge)
    return options_to_json(options)


def question_to_sign_in(config: WebConfig) -> str:
    """Return what the browser is asked for any passkey of this installation, as JSON."""
    options = generate_authentication_options(
        rp_id=_host(config), user_verification=UserVerificationRequirement.REQUIRED
    )
    cookie[_QUESTION] = bytes_to_base64url(options.challenge)
    return options_to_json(options)


def add(
    session: Session,
    account: Account,
    answer: str,
    name: str,
    config: WebConfig,
    *,
    now: datetime,
) -> Passkey:
    """Store the passkey that a browser made. Raises ``InvalidInputError`` for an answer to another
    question.
    """
    if len(passkeys_of(session, account)) >= _MOST:
        raise ConflictError(N_("There are too many passkeys. Please remove one first."))
    try:
        checked = verify_registration_response(
            credential=answer,
            expected_challenge=_question(),
            expected_rp_id=_host(config),
            expected_origin=_origin(config),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError) as error:
        raise InvalidInputError(_WRONG) from error
    passkey = Passkey(
        account=account,
        credential=bytes_to_base64url(checked.credential_id),
        public_key=checked.credential_public_key,
        sign_count=checked.sign_count,
        name=one_line(name)[:_LONGEST_NAME] or "–",
        created=now,
    )
    session.add(passkey)
    session.flush()
    return passkey


def whose(session: Session, answer: str, config: WebConfig, *, now: datetime) -> Account | None:
    """Return the account whose passkey answered the question; None for any other answer."""
    try:
        question, credential = _question(), json.loads(answer)["id"]
    except (ValueError, KeyError, TypeError):
        return None
    query = select(Passkey).join(Passkey.account)
    known = Passkey.credential == str(credential).replace("\0", "")  # refused by PostgreSQL
    passkey = session.scalar(query.where(known, Account.active))
    if passkey is None:
        return None
    try:
        checked = verify_authentication_response(
            credential=answer,
            expected_challenge=question,
            expected_rp_id=_host(config),
            expected_origin=_origin(config),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError):
        return None
    passkey.sign_count, passkey.last_used = checked.new_sign_count, now
    return passkey.account


def passkeys_of(session: Session, account: Account) -> list[Passkey]:
    query = select(Passkey).where(Passkey.account_id == account.id).order_by(Passkey.id)
    return list(session.scalars(query))


def remove(session: Session, account: Account, passkey_id: int) -> bool:
    """Remove a passkey; False for one that is gone, or another account's."""
    passkey = session.get(Passkey, passkey_id)
    if passkey is None or passkey.account_id != account.id:
        return False
    session.delete(passkey)
    return True


def _question() -> bytes:
    """Return the question that waits; it is answered once."""
    return base64url_to_bytes(cookie.pop(_QUESTION, ""))


def _host(config: WebConfig) -> str:
    return urlsplit(config.public_url).hostname or ""


def _origin(config: WebConfig) -> str:
    parts = urlsplit(config.public_url)
    return f"{parts.scheme}://{parts.netloc}"
