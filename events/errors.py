"""The tree of domain errors: what can go wrong, in the words of the person who caused it.

    DomainError
    ├── YearOutOfRangeError      a year outside what the lunar and holiday tables know
    ├── CatalogError             a catalogue file says something that cannot be
    ├── CannotRunError           the service cannot run as things stand on this machine
    ├── NotFoundError            no such unit, campaign, item, observance …
    ├── NotAllowedError          the person may not do that there
    ├── ConflictError            somebody else changed it meanwhile, or it is too late
    │   ├── ChangedMeanwhileError  a form showed something else than what is there now
    │   ├── EvidenceMissingError   the item wants evidence before it is done
    │   └── PlanIssuedError        the plan of an item was issued on another day already
    ├── InvalidInputError        a value that cannot be stored
    │   └── RealDayError           a thing cannot have been done on that day
    └── NotNowError              nothing is wrong with it, and the same may do a little later
        ├── BusyError              somebody else is writing
        └── NoRoomError            the disk is full

An error carries an English sentence with named gaps (``msgid``) and the facts that fill them, so
that every face can say it in its own language: ``gettext(error.msgid) % error.facts``.
"""

from typing import ClassVar


def N_(message: str) -> str:  # noqa: N802 - the name that every gettext tool looks for
    """Mark a sentence for the catalogue of translations; it is translated where it is shown."""
    return message


class DomainError(Exception):
    """Anything this product refuses to do, with the reason."""

    msgid: ClassVar[str] = N_("That is not possible.")

    def __init__(self, msgid: str | None = None, /, **facts: object) -> None:
        self.sentence = msgid or self.msgid
        self.facts = facts
        super().__init__(self.sentence % facts if facts else self.sentence)


class YearOutOfRangeError(DomainError):
    """Raised for a year that the lunar and holiday tables do not reach."""

    msgid = N_(
        "The year %(year)s is outside %(first)s-%(last)s: lunar dates and public holidays are "
        "only known in that range."
    )


class CatalogError(DomainError):
    """Raised when a catalogue file cannot be imported; names the file, the entry and the reason."""

    msgid = N_("%(file)s, %(key)s: %(reason)s")


class CannotRunError(DomainError):
    """Raised when the service cannot run as things stand on its machine.

    Whoever looks after a machine may not be who chose its language, so it is said in both.
    """


class NotFoundError(DomainError):
    """Raised when a key names nothing. ``kind`` is one of ``KINDS`` and is translated too."""

    msgid = N_("There is no %(kind)s “%(key)s”.")


class NotAllowedError(DomainError):
    """Raised when a person acts on a unit where they hold no post."""

    msgid = N_("You need a post in %(unit)s, or in a unit above it, to do this.")


class ConflictError(DomainError):
    """Raised when the state of things no longer allows what was asked."""


class ChangedMeanwhileError(ConflictError):
    """Raised when a form would overwrite what it did not show; ``now_shown`` is the digest that
    would not be refused.
    """

    def __init__(self, msgid: str, now_shown: str, /, **facts: object) -> None:
        super().__init__(msgid, **facts)
        self.now_shown = now_shown


class EvidenceMissingError(ConflictError):
    """Raised when an item is to be done before its evidence was given."""

    msgid = N_("“%(item)s” needs evidence before it is done: at least %(count)s of %(kinds)s.")


class PlanIssuedError(ConflictError):
    """Raised when a plan has another day of issue already.

    The facts name its ``document`` and that one's ``campaign``, by uid.
    """

    msgid = N_("“%(item)s” has a plan of %(day)s already. Please correct that document.")


class InvalidInputError(DomainError):
    """Raised for a value that cannot be stored."""


class NotNowError(DomainError):
    """Raised when the service cannot write just now, whatever was asked; nothing was changed."""

    msgid = N_("The service cannot save anything just now. Nothing was changed.")


class BusyError(NotNowError):
    """Raised when others write for longer than people can be kept waiting."""

    msgid = N_(
        "Somebody else is saving just now. Nothing was changed; please send it again in a moment."
    )


class NoRoomError(NotNowError):
    """Raised when the disk is full."""

    msgid = N_(
        "Nothing can be saved now: the disk of this service is full. Nothing was changed; please "
        "tell its administrators."
    )


class RealDayError(InvalidInputError):
    """Raised when a thing cannot have been done on the day that was given."""


KINDS = (
    N_("unit"),
    N_("campaign"),
    N_("observance"),
    N_("calendar"),
    N_("checklist item"),
    N_("message"),
    N_("plan"),
    N_("post"),
    N_("template"),
    N_("document"),
    N_("evidence"),
    N_("file"),
    N_("change"),
    N_("activity"),
)
