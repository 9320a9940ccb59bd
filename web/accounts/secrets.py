"""What only a cookie, a mail or a sheet of paper holds: made here, stored as a digest. What has to
be read again is stored locked.
"""

import base64
import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_LOCKED = "gcm1:"  # how what is locked says by which method it was
_NONCE = 12  # octets (NIST SP 800-38D, 8.2.2)


def new_secret() -> str:
    """Return 256 random bits, as they may stand in an address."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return what is stored of a secret. It is random, so it needs neither salt nor patience."""
    return hashlib.sha256(secret.encode()).hexdigest()


def lock(text: str, secret_key: str, purpose: str) -> str:
    """Return a text as it is stored, by AES-256-GCM: a copy of the database alone shows nothing."""
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(_key(secret_key, purpose)).encrypt(nonce, text.encode(), purpose.encode())
    return _LOCKED + base64.b64encode(nonce + sealed).decode()


def unlock(stored: str, secret_key: str, purpose: str) -> str | None:
    """Return a text that was locked; None for one locked with another secret key, for another
    purpose, or changed since.
    """
    key, (_method, separator, sealed) = _key(secret_key, purpose), stored.partition(_LOCKED)
    try:
        if not separator:  # as older versions locked it
            return Fernet(base64.urlsafe_b64encode(key)).decrypt(stored.encode()).decode()
        octets = base64.b64decode(sealed)
        return AESGCM(key).decrypt(octets[:_NONCE], octets[_NONCE:], purpose.encode()).decode()
    except (InvalidToken, InvalidTag):
        return None


def _key(secret_key: str, purpose: str) -> bytes:
    return hashlib.sha256(f"{purpose}:{secret_key}".encode()).digest()
