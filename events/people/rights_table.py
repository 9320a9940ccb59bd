"""The table of rights in words, as ``sumvay rights`` prints it and docs/rights.md keeps it."""

from collections.abc import Iterable, Iterator

from events.errors import N_
from events.models import Duty
from events.people.rights import OF_ALL, TABLE, WHAT, Capability, Relation
from events.people.visibility import NEEDS
from events.words.language import tell

DUTIES = {
    Duty.OFFICER: N_("officer"),
    Duty.ORGANISER: N_("organiser"),
    Duty.LEADER: N_("leader"),
    Duty.READER: N_("reader"),
}
_WHERE = {
    Relation.OWN: N_("own"),
    Relation.BELOW: N_("below"),
    Relation.ABOVE: N_("above"),
}


def as_markdown(language: str) -> str:
    """Return both tables: what each duty may do where, and what each kind of fact takes to be
    seen.
    """
    return "\n".join([*_rights(language), "", *_facts(language)]) + "\n"


def _rights(language: str) -> Iterator[str]:
    heads = [N_("what"), N_("administrator"), *DUTIES.values()]
    yield _row(tell(head, {}, language) for head in heads)
    yield _row("---" for _head in heads)
    for one in Capability:
        what = f"`{one}`: {tell(WHAT[one], {}, language)}"
        yield _row([what, tell(N_("everywhere"), {}, language), *_of(one, language)])


def _of(one: Capability, language: str) -> Iterator[str]:
    for duty in DUTIES:
        where = [tell(_WHERE[each], {}, language) for each in _WHERE if each in TABLE[duty][one]]
        if where and one in OF_ALL:
            where = [tell(N_("at the top"), {}, language)]
        yield ", ".join(where) or "–"


def _facts(language: str) -> Iterator[str]:
    yield _row(tell(head, {}, language) for head in (N_("kind of fact"), N_("who may see it")))
    yield _row(["---", "---"])
    for fact, needed in NEEDS.items():
        yield _row([fact.value, f"`{needed}`" if needed else tell(N_("everybody"), {}, language)])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
