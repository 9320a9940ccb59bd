"""What came of a storm, and what people were told in it."""

import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Report:
    """The figures of one storm, of which all kinds of loss must be 0.

    ``refused`` counts answers that nothing was done, by their status; ``deeds`` the acknowledged
    ones and ``faults`` what was lost, half done or doubled, by their kind.
    """

    seed: int
    database: str
    seconds: float = 0
    kills: int = 0
    kills_of_starts: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    lost: int = 0
    half_done: int = 0
    doubled: int = 0
    errors: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.half_done or self.doubled or self.errors)

    @property
    def plain(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        return asdict(self) | {"refused": dict(self.refused), "deeds": dict(self.deeds)}

    def note(self, fault: str, kind: str, what: object) -> None:
        """Count a fault, ``lost``, ``half_done``, ``doubled`` or ``errors``, and say what it was."""
        setattr(self, fault, getattr(self, fault) + 1)
        self.faults.setdefault(f"{fault} {kind}", []).append(str(what))


@dataclass
class Ledger:
    """What people were told, in its order: a deed, and whether it was acknowledged."""

    entries: list[tuple[str, Any, bool]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, deed: tuple[str, Any], acknowledged: bool) -> None:
        with self.lock:
            self.entries.append((*deed, acknowledged))

    def of(self, kind: str) -> dict[Any, bool]:
        """Return the deeds of a kind, each with whether it was ever acknowledged."""
        told: dict[Any, bool] = {}
        for name, what, acknowledged in self.entries:
            if name == kind:
                told[what] = told.get(what, False) or acknowledged
        return told

    def possible(self, *kinds: str) -> list[tuple[str, Any, bool]]:
        """Return the deeds of these kinds any of which may be what stands now: the last that was
        acknowledged, and those sent since. The first is acknowledged, or what stood before stands.
        """
        sent = [entry for entry in self.entries if entry[0] in kinds]
        last = max((place for place, entry in enumerate(sent) if entry[2]), default=0)
        return sent[last:]
