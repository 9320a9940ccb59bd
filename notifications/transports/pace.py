"""How fast mail may leave: token buckets, one for the relay and one for each domain of recipients.
Pure but for a lock: time is passed in.
"""

import threading
from dataclasses import dataclass, field


@dataclass
class Bucket:
    """``rate`` mails a second, and as many at once as one second holds, but one at least."""

    rate: float
    tokens: float = field(init=False)
    at: float | None = None

    def __post_init__(self) -> None:
        self.tokens = self._size

    def lacks(self, now: float) -> float:
        """Return for how many seconds the next mail has to wait."""
        if self.at is not None:
            self.tokens = min(self._size, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        return max(0.0, (1 - self.tokens) / self.rate)

    def take(self) -> None:
        self.tokens -= 1

    @property
    def _size(self) -> float:
        return max(1.0, self.rate)


class Pace:
    """What a relay allows us, and each domain: mails a second, 0 for no limit. For many threads."""

    def __init__(self, per_second: float = 0, per_domain: float = 0) -> None:
        self._of_domain = per_domain
        self._relay = Bucket(per_second) if per_second else None
        self._domains: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    def wait(self, rcpt_to: str, now: float) -> tuple[float, float]:
        """Return for how many seconds a mail waits for the relay, and for its domain. Both 0: it
        may leave now.
        """
        with self._lock:
            domain = self._domain(rcpt_to) if self._of_domain else None
            buckets = [bucket for bucket in (self._relay, domain) if bucket]
            waits = {id(bucket): bucket.lacks(now) for bucket in buckets}
            if not any(waits.values()):
                for bucket in buckets:
                    bucket.take()
            return waits.get(id(self._relay), 0.0), waits.get(id(domain), 0.0)

    def _domain(self, rcpt_to: str) -> Bucket:
        name = rcpt_to.rpartition("@")[2].lower()
        return self._domains.setdefault(name, Bucket(self._of_domain))
