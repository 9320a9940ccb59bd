"""What somebody has to see to at once: the clock or mail stands still, or too much has piled up.

Asked by `/khoe`, by the banner for administrators, by the daily mail and by `sumvay doctor`, who
all say the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from events.errors import N_
from events.installation import zone_of
from events.units.office import is_copy
from events.words.language import Said
from notifications.outbox.pausing import pause_of
from notifications.outbox.standing import standing
from scheduler.watch.heartbeats import PULSE, Beat, beats
from scheduler.watch.jumps import jump_of
from web.kit.config import Trouble

STANDS = timedelta(seconds=13)  # a pulse comes every three
_MAIL = "relay"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may pile up before somebody is told; 0 for no limit. ``failed`` counts the mails of
    a day, ``oldest`` is for how long a mail may be due and not gone.
    """

    waiting: int = 20_000
    oldest: timedelta = timedelta(hours=1)
    failed: int = 50
    suppressed: int = 100


def troubles(session: Session, now: datetime, limits: Limits) -> list[Trouble]:
    """Return what is wrong, the worst first; nothing of a service whose clock never ran."""
    return [*_of_clock(session, now), *_of_mail(session, now, limits)]


def _of_clock(session: Session, now: datetime) -> list[Trouble]:
    pulses = [one for one in beats(session) if one.job == PULSE]
    found: list[Trouble] = []
    # one of a time to come is of before the machine was set back, and says nothing of now
    alive = [one for one in pulses if abs(now - one.at) <= STANDS]
    if pulses and not alive:
        found.append(_silent(session, max(pulses, key=lambda one: one.at)))
    elif pulses and all(one.error for one in alive):
        found.append(_standing_still(alive[-1]))
    jump = jump_of(session, now)
    if jump is not None:
        facts = {"at": _moment(session, jump.at), "hours": round(jump.seconds / 3600, 1)}
        found.append(Trouble("clock jumped", Said(_JUMPED, facts)))
    return found


def _silent(session: Session, last: Beat) -> Trouble:
    said = N_(
        "The clock stands still since %(at)s: nothing opens, nobody is reminded and no mail leaves."
    )
    return Trouble("clock stands still", Said(said, {"at": _moment(session, last.at)}))


def _standing_still(pulse: Beat) -> Trouble:
    if _MAIL in pulse.error.split():
        return Trouble(
            "mail stands still", Said(N_("Mail stands still: the relay does not get on."))
        )
    said = N_("The clock does not get on with: %(jobs)s.")
    return Trouble("clock stands still", Said(said, {"jobs": pulse.error}))


_JUMPED = N_(
    "The time of the machine jumped by %(hours)s hours to %(at)s. What goes by the day waits until "
    "the time is right; if it is: sumvay init --clock-is-right"
)


def _of_mail(session: Session, now: datetime, limits: Limits) -> list[Trouble]:
    if is_copy(session):  # it is kept back on purpose, which its own page says
        return []
    found: list[Trouble] = []
    pause = pause_of(session)
    if pause is not None:
        facts = {"at": _moment(session, pause.since), "words": pause.words}
        said = N_("No mail leaves since %(at)s. The mail server says: %(words)s")
        found.append(Trouble("mail is refused", Said(said, facts)))
    now_is = standing(session, now)
    if limits.oldest and now_is.oldest and now - now_is.oldest > limits.oldest:
        late = {"at": _moment(session, now_is.oldest), "due": now_is.due}
        said = N_("%(due)s mails are due and do not leave, the first since %(at)s.")
        found.append(Trouble("mail is late", Said(said, late)))
    for limit, number, short, said in (
        (limits.waiting, now_is.waiting, "too much mail waits", N_("%(number)s mails wait.")),
        (
            limits.failed,
            now_is.failed,
            "too much mail failed",
            N_("%(number)s mails were refused for good within a day."),
        ),
        (
            limits.suppressed,
            now_is.suppressed,
            "too many addresses without mail",
            N_("%(number)s addresses get no reminders, since a mail server does not know them."),
        ),
    ):
        if limit and number > limit:
            found.append(Trouble(short, Said(said, {"number": number})))
    return found


def _moment(session: Session, at: datetime) -> str:
    return f"{at.astimezone(zone_of(session)):%H:%M %d/%m/%Y}"
