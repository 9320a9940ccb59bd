"""What a server's reply means for a mail: by the stage at which it comes, its code (RFC 5321, 4.2)
and its enhanced code (RFC 3463). Pure: no socket, no storage.

A table and not a habit, because both mistakes are dear: an hour of a misconfigured server must not
silence people for good, and an address that is gone must not be knocked at for ever. So only few
words condemn an address, and what is said of us costs no mail an attempt. tests/data/mail/
smtp_replies.toml holds the cases.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?!\S)")


class Stage(StrEnum):
    """Where in the dialogue a reply comes, or none."""

    CONNECT = "connect"
    EHLO = "ehlo"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # the command
    BODY = "body"  # until the final dot has left
    DOT = "dot"  # after it


class Meaning(StrEnum):
    """What a reply means for the mail."""

    SENT = "sent"
    GO_ON = "go_on"  # the dialogue continues
    RETRY = "retry"  # this mail later; the attempt counts
    BAD_ADDRESS = "bad_address"  # nobody is there
    REFUSED = "refused"  # this mail, for what it is
    OURS = "ours"  # about us or the server: no mail loses an attempt
    UNKNOWN = "unknown"  # nobody can tell whether the server has it


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said (RFC 5321, 4.2); ``text`` has one line for each of its lines.

    ``code`` 0: nothing that is a reply, and ``text`` says in our words what was there instead.
    """

    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The enhanced code that the text begins with (RFC 2034), or nothing."""
        found = _ENHANCED.match(self.text)
        return found[1] if found else ""


def meaning(stage: Stage, reply: Reply) -> Meaning:
    """Return what ``reply`` means at ``stage``: the first line of the table that fits says it."""
    asked = f"{reply.code:03} {reply.enhanced}"
    return next(
        line.meaning
        for line in _TABLE
        if stage in line.stages and (re.fullmatch(line.pattern, asked))
    )


def is_plain(reply: Reply) -> bool:
    """Tell whether a refusal of a recipient has no enhanced code: it may as well be about us, and
    only what other recipients get can tell.
    """
    return not reply.enhanced


@dataclass(frozen=True, slots=True)
class _Line:
    stages: frozenset[Stage]
    pattern: str  # of the code, a space, and the enhanced code if there is one
    meaning: Meaning


def _at(stages: str, pattern: str, meaning: Meaning) -> _Line:
    return _Line(frozenset(map(Stage, stages.split())), pattern, meaning)


_EVERY = " ".join(Stage)
_TABLE = (
    # until a server took our sender, all that goes wrong hits every mail alike
    _at("connect ehlo auth mail", "2.. .*", Meaning.GO_ON),
    _at("connect ehlo auth mail", ".*", Meaning.OURS),
    _at("rcpt", "2.. .*", Meaning.GO_ON),
    _at("data", "354 .*", Meaning.GO_ON),
    _at("dot", "2.. .*", Meaning.SENT),
    # about us: credentials, a server that takes no mail, quotas, its own state, its trust in us
    _at("rcpt data", "421 .*", Meaning.OURS),
    _at("rcpt data dot", "(454|521|53[0458]) .*", Meaning.OURS),
    _at("rcpt data dot", r"5.. [45]\.4\.5", Meaning.OURS),
    _at("rcpt data dot", r"5.. [45]\.3\.[1235]", Meaning.OURS),
    _at("rcpt data dot", r"5.. [45]\.7\.([3-689]|1[0-4]|2\d)", Meaning.OURS),
    _at("rcpt data dot", r"5.. [45]\.1\.[78]", Meaning.OURS),
    _at("rcpt", r"5.. [45]\.7\.\d+", Meaning.OURS),
    _at("rcpt data", r"503 .*", Meaning.OURS),  # our commands in the wrong order
    # the recipient
    _at("rcpt data dot", r"5.. [45]\.2\.2", Meaning.RETRY),  # a full mailbox is emptied some day
    _at("rcpt data dot", r"5.. [45]\.5\.3", Meaning.RETRY),  # too many at once
    _at("rcpt", r"552 ", Meaning.RETRY),  # RFC 5321, 4.5.3.1.10
    _at("rcpt", r"5.. 5\.1\.(1|2|3|6|10)", Meaning.BAD_ADDRESS),
    _at("rcpt", r"550 ", Meaning.BAD_ADDRESS),
    # this mail
    _at("rcpt data dot", "4.. .*", Meaning.RETRY),
    _at("rcpt data dot", "5.. .*", Meaning.REFUSED),
    # nothing that is a reply, or none that fits
    _at("rcpt data body", ".*", Meaning.RETRY),
    _at("dot", ".*", Meaning.UNKNOWN),
)
assert {stage for line in _TABLE for stage in line.stages} == set(Stage)
