"""What only a cookie, a mail or a sheet of paper holds: made here, stored as a digest."""

import hashlib
import secrets


def new_secret() -> str:
    """Return 256 random bits, as they may stand in an address."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """Return what is stored of a secret. It is random, so it needs neither salt nor patience."""
    return hashlib.sha256(secret.encode()).hexdigest()
