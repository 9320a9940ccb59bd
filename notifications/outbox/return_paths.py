"""Where a mail that cannot be delivered comes back to: an address of its own for each message, with
a signature, so that nobody can report a mail as lost who did not get it (VERP).
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

_PATTERN = re.compile(r"(?P<name>.+)\+(?P<number>\d{1,18})-(?P<proof>[0-9a-f]{20})")


@dataclass(frozen=True, slots=True)
class ReturnPaths:
    """``address`` takes mail for all addresses that begin as it does, up to a plus sign."""

    address: str
    key: bytes

    def of(self, number: int) -> str:
        """Return the return path of message ``number``."""
        name, _at, domain = self.address.rpartition("@")
        return f"{name}+{number}-{self._proof(number)}@{domain}"

    def number(self, address: str) -> int | None:
        """Return the message that an address belongs to; None if it is none of ours."""
        name, _at, domain = self.address.rpartition("@")
        local, _at, where = address.strip().rpartition("@")
        found = _PATTERN.fullmatch(local)
        if not found or where.lower() != domain.lower() or found["name"].lower() != name.lower():
            return None
        number = int(found["number"])
        is_ours = hmac.compare_digest(found["proof"], self._proof(number))
        return number if is_ours else None

    def _proof(self, number: int) -> str:
        text = f"return path|{self.address.lower()}|{number}"
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()[:20]
