"""Codes that a program on a telephone shows every half minute (TOTP, RFC 6238), and spare ones on
paper.
"""

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

from web.accounts.models import Account
from web.accounts.secrets import digest_of, lock, unlock

_STEP = 30  # seconds (RFC 6238, 5.2)
_DIGITS = 6
_SLACK = 1  # steps that a clock may be wrong
_SPARE_CODES, _SPARE_DIGITS = 10, 8
_ISSUER = "Sum Vầy"
_PURPOSE = "codes"


def new_key() -> str:
    """Return a new key in base32, as programs take it: 160 bits (RFC 4226, 4, R6)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address_of(key: str, email: str) -> str:
    """Return what the picture code says to the program."""
    label = quote(f"{_ISSUER}:{email}")
    return f"otpauth://totp/{label}?{urlencode({'secret': key, 'issuer': _ISSUER})}"


def code_at(key: str, step: int) -> str:
    """Return the code of a step: HOTP (RFC 4226, 5.3) of the count of half minutes."""
    mac = hmac.digest(base64.b32decode(key), struct.pack(">Q", step), hashlib.sha1)
    start = mac[-1] & 0xF
    number = struct.unpack(">I", mac[start : start + 4])[0] & 0x7FFFFFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)


def step_of(key: str, code: str, now: datetime) -> int | None:
    """Return the step whose code was typed, or None for a code of no step near ``now``."""
    here, typed = int(now.timestamp()) // _STEP, _digits(code)
    for step in range(here - _SLACK, here + _SLACK + 1):
        if hmac.compare_digest(code_at(key, step), typed):
            return step
    return None


def take_code(account: Account, code: str, *, now: datetime, secret_key: str) -> bool:
    """Tell whether a code, or a spare one, opens the account; it opens it once (RFC 6238, 5.2)."""
    key = unlocked(account.code_key, secret_key) if account.code_key else None
    step = step_of(key, code, now) if key else None
    if step is not None and (account.last_code is None or step > account.last_code):
        account.last_code = step
        return True
    return _take_spare_code(account, code)


def give_spare_codes(account: Account) -> list[str]:
    """Give an account new spare codes, and return them to be shown once."""
    found = [
        f"{secrets.randbelow(10**_SPARE_DIGITS):0{_SPARE_DIGITS}}" for _ in range(_SPARE_CODES)
    ]
    account.spare_codes = [_salted(code, secrets.token_hex(16)) for code in found]
    return [f"{code[:4]}-{code[4:]}" for code in found]


def locked(key: str, secret_key: str) -> str:
    """Return a key as it is stored: a copy of the database alone shows no codes."""
    return lock(key, secret_key, _PURPOSE)


def unlocked(stored: str, secret_key: str) -> str | None:
    """Return a stored key; None when it was locked with another secret key."""
    return unlock(stored, secret_key, _PURPOSE)


def _take_spare_code(account: Account, code: str) -> bool:
    typed = _digits(code)
    if len(typed) != _SPARE_DIGITS:
        return False
    used = next((kept for kept in account.spare_codes if _is_spare(account, kept, typed)), None)
    account.spare_codes = [kept for kept in account.spare_codes if kept != used]
    return used is not None


def _is_spare(account: Account, kept: str, typed: str) -> bool:
    salt, separator, _digest = kept.partition("$")
    if not separator:  # of an older version
        return hmac.compare_digest(kept, digest_of(f"{account.id}:{typed}"))
    return hmac.compare_digest(kept, _salted(typed, salt))


def _salted(code: str, salt: str) -> str:
    """Return what is stored of a spare code: it is short, so that guessing has to take its time."""
    digest = hashlib.scrypt(code.encode(), salt=salt.encode(), n=2**13, r=8, p=1)
    return f"{salt}${digest.hex()}"


def _digits(code: str) -> str:
    return "".join(sign for sign in code if sign.isdigit() and sign.isascii())
