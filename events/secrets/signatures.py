"""Short texts for addresses that nobody else can make: octets, signed for one purpose.

A key of its own for each purpose is made from the secret key, so that what was signed for one opens
nothing of another.
"""

import base64
import binascii
import hashlib
import hmac

_SIGNATURE = 16  # octets: nobody guesses 128 bits


def signed(octets: bytes, secret_key: str, purpose: str) -> str:
    """Return octets with their signature, as they may stand in an address; the same each time."""
    return base64.urlsafe_b64encode(octets + _signature(octets, secret_key, purpose)).decode()


def read_signed(text: str, secret_key: str, purpose: str, length: int) -> bytes | None:
    """Return the ``length`` octets that a text holds; None for one that was not signed here for
    this purpose.
    """
    try:
        both = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    octets, signature = both[:length], both[length:]
    is_ours = hmac.compare_digest(signature, _signature(octets, secret_key, purpose))
    return octets if is_ours and len(octets) == length else None


def _signature(octets: bytes, secret_key: str, purpose: str) -> bytes:
    key = hmac.digest(secret_key.encode(), purpose.encode(), hashlib.sha256)
    return hmac.digest(key, octets, hashlib.sha256)[:_SIGNATURE]
