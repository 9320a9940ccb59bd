"""What a form showed, so that one that has grown old overwrites nothing in silence.

A form carries a digest of the values that it showed and sends it back; whoever stores it compares
that with the values of now. Rows that people change together need no column for it.
"""

import hashlib
import json

from events.errors import ChangedMeanwhileError


def digest(*values: object) -> str:
    """Return a short text that differs when one of the values does: texts, numbers, days, lists or
    dictionaries of them.
    """
    told = json.dumps(values, default=str, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def require_shown(shown: str | None, now: str, sentence: str, **facts: object) -> None:
    """Raise ``ChangedMeanwhileError`` with a sentence unless ``now`` was shown; None for what no
    form showed.
    """
    if shown is not None and shown != now:
        raise ChangedMeanwhileError(sentence, now, **facts)
