"""An item's history in words, so that it can be read as a story: who did what, what moved from
where to where, and why.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from events.checklist.closing_words import begun_small, closing_in, why_closed_within
from events.checklist.history import (
    ADDED,
    COUNTS_FROM,
    CREDIT,
    DELEGATE,
    DOCUMENT,
    EDITED,
    ERASED,
    EVIDENCE,
    FREED,
    GO_ON,
    MOVED_EVIDENCE,
    MOVED_FROM,
    MOVED_PARTS,
    MOVED_STATE,
    MOVED_TO,
    PARTS,
    RECORDED_ON,
    START_LINE,
    UNDIVIDED,
    UNDOES,
)
from events.days.reasons import DayReason
from events.errors import N_
from events.models import Change, ClosedBecause, DocumentKind, NotDone, TodoStatus
from events.models.documents import KINDS
from events.words.language import tell, translations

_Said = tuple[str, dict[str, Any]]  # an English sentence and its facts
_STATE = ("status", "blocked", "not_done", "closed_because", "closing_facts", "reason")
_OF_PAPERS = {
    "entered": N_("%(name)s entered a document: %(kind)s %(paper)s"),
    "issued": N_("%(name)s recorded that a document was issued on %(day)s: %(kind)s %(paper)s"),
    "issued-otherwise": N_(
        "%(name)s corrected the day of issue from %(old)s to %(new)s: %(kind)s %(paper)s"
    ),
    "corrected": N_("%(name)s corrected a document: %(kind)s %(paper)s"),
    "replaces": N_("%(name)s recorded that a document replaces %(older)s: %(kind)s %(paper)s"),
    "taken-off": N_("%(name)s no longer counts a document for this item: %(kind)s %(paper)s"),
}
_COLUMNS = {
    "phase_key": N_("phase"),
    "role_key": N_("who is in charge"),
    "support_roles": N_("who supports"),
    "weight": N_("weight"),
    "required": N_("required or optional"),
    "evidence": N_("wanted evidence"),
    "evidence_min": N_("wanted evidence"),
    "without_evidence": N_("wanted evidence"),
    "depends_on": N_("what it waits for"),
}


def story_of(change: Change, language: str) -> str:
    """Return one line of an item's history. What nobody in particular did, the service did."""
    gettext = translations(language).gettext
    name = change.by_name or gettext(N_("the service"))
    told = list(_told(change.before, change.after)) or [(N_("changed by %(name)s"), {})]
    return "; ".join(_say(sentence, {"name": name} | facts, language) for sentence, facts in told)


def _say(sentence: str, facts: dict[str, Any], language: str) -> str:
    gettext = translations(language).gettext
    if "columns" in facts:
        facts["columns"] = ", ".join(dict.fromkeys(gettext(column) for column in facts["columns"]))
    if "came_with" in facts:
        facts["came_with"] = ", ".join(
            tell(came, with_it, language) for came, with_it in facts["came_with"]
        )
    if "closing" in facts:
        facts["reason"] = _typed(why_closed_within(facts["closing"], language))
    if kind := facts.get("kind"):
        facts["kind"] = gettext(kind).lower()
    return tell(sentence, facts, language)


def _told(before: dict[str, Any], after: dict[str, Any]) -> Iterator[_Said]:
    """Yield what one change did.

    Most do one thing; a new version of a template may do several at once.
    """
    one = _of_the_unit(before, after) or _of_the_reform(after)
    if one is not None:
        yield one
        return
    if EDITED in after:
        yield _of_the_hand(before, after)
    elif any(name in after and after[name] != before.get(name) for name in _STATE):
        yield _of_the_state(before, after)
    elif after.get("completed_on") != before.get("completed_on"):
        yield _of_the_day(before, after)
    if RECORDED_ON in after:
        yield _recorded(after)
    if GO_ON in after:
        yield N_("what was begun goes on: %(units)s"), {"units": after[GO_ON]}
    yield from _of_the_plan(before, after)


def _of_the_unit(before: dict[str, Any], after: dict[str, Any]) -> _Said | None:
    """Return what a unit decided about its item beside the state."""
    if EVIDENCE in after and isinstance(after[EVIDENCE], dict):
        return N_("%(name)s added evidence: %(what)s"), {"what": _piece(after[EVIDENCE])}
    if EVIDENCE in before and isinstance(before[EVIDENCE], dict):
        return N_("%(name)s took evidence away: %(what)s"), {"what": _piece(before[EVIDENCE])}
    if ERASED in after:
        erased = begun_small(after[ERASED])
        return N_("%(name)s erased evidence (%(what)s): nothing of it is kept"), {"what": erased}
    if DOCUMENT in after:
        return _of_the_paper(after[DOCUMENT])
    if ADDED in after:
        return N_("%(name)s added this item of the unit's own"), {}
    if DELEGATE in after:
        return _delegated(after[DELEGATE], before[DELEGATE])
    if CREDIT in after:
        return N_("%(name)s integrated it with “%(campaign)s”"), {"campaign": after[CREDIT]}
    if CREDIT in before:
        return N_("%(name)s no longer integrates it with “%(campaign)s”"), {
            "campaign": before[CREDIT]
        }
    if PARTS in before:
        return N_("%(name)s took the part of %(units)s back"), {"units": before[PARTS]}
    if PARTS in after:
        return N_("%(name)s split it: %(units)s"), {"units": after[PARTS]}
    return None


def _of_the_paper(told: dict[str, Any]) -> _Said:
    day = {"day": _day(told["day"])} if "day" in told else {}
    return _OF_PAPERS[told["act"]], told | day | {"kind": KINDS[DocumentKind(told["kind"])]}


def _delegated(unit: str | None, before: str | None) -> _Said:
    if unit is None:
        return N_("%(name)s took it back from %(unit)s"), {"unit": before}
    return N_("%(name)s delegated it to %(unit)s"), {"unit": unit}


def _of_the_reform(after: dict[str, Any]) -> _Said | None:
    """Return what a change of units did: the same work goes on elsewhere."""
    if MOVED_FROM in after:
        return _taken_over(after)
    if UNDIVIDED in after:
        return N_("not divided in %(units)s: the share of that area is in no part"), {
            "units": ", ".join(after[UNDIVIDED])
        }
    if after.get(MOVED_TO):
        return N_("%(name)s closed it here: %(reason)s"), _why(after)
    return None


def _taken_over(after: dict[str, Any]) -> _Said:
    facts = {
        "unit": after[MOVED_FROM],
        "due": _day(after.get("due")),
        "came_with": [*_came_with(after)],
    }
    if not facts["came_with"]:
        return N_("%(name)s took it over from %(unit)s, due on %(due)s"), facts
    return N_("%(name)s took it over from %(unit)s, due on %(due)s, %(came_with)s"), facts


def _came_with(after: dict[str, Any]) -> Iterator[_Said]:
    """Yield what a unit that ended left beside the date: its state as it went over, and its
    evidence.
    """
    state = after.get(MOVED_STATE, {})
    if state.get("blocked"):
        yield N_("held up: %(note)s"), {"note": _typed(state["blocked"])}
    elif state.get("status") == TodoStatus.IN_PROCESS:
        yield N_("in progress"), {}
    if after.get(MOVED_PARTS):
        yield N_("with closed parts: %(units)s"), {"units": ", ".join(after[MOVED_PARTS])}
    if after.get(MOVED_EVIDENCE):
        yield N_("with evidence: %(what)s"), {"what": "; ".join(map(_piece, after[MOVED_EVIDENCE]))}


def _of_the_hand(before: dict[str, Any], after: dict[str, Any]) -> _Said:
    """Return that people edited the item, or took that back; what it changed follows."""
    if UNDOES in after:
        return N_("%(name)s took the last change back"), {}
    if len(after[EDITED]) < len(before[EDITED]):
        return N_("%(name)s let it follow its template again"), {}
    return N_("%(name)s edited it by hand"), {}


def _of_the_state(before: dict[str, Any], after: dict[str, Any]) -> _Said:
    if FREED in after:
        return N_("open again, since “%(item)s” stands for it no longer; %(name)s changed that"), {
            "item": after[FREED]
        }
    if UNDOES in after and before.get("closed_because") == ClosedBecause.PARTS:
        return N_("open again, since one of its parts is; %(name)s opened that"), {}
    if UNDOES in after and after["status"] != TodoStatus.NEEDS_ACTION:
        return N_("%(name)s took the last change back"), {}
    if after.get("blocked"):
        return N_("%(name)s noted what stands in the way: %(note)s"), {
            "note": _typed(after["blocked"])
        }
    match after["status"]:
        case TodoStatus.COMPLETED if after.get("closed_because") == ClosedBecause.PARTS:
            return N_("done, since all its parts are closed; the last one by %(name)s"), {}
        case TodoStatus.COMPLETED:
            return N_("marked as done by %(name)s"), {}
        case TodoStatus.IN_PROCESS:
            return N_("%(name)s started it"), {}
        case TodoStatus.NEEDS_ACTION:
            return N_("opened again by %(name)s"), {}
        case _ if after.get("not_done") == NotDone.NOT_REQUIRED:
            return N_("%(name)s marked it as not required: %(reason)s"), _why(after)
        case _:
            return N_("%(name)s marked it as not done: %(reason)s"), _why(after)


def _of_the_day(before: dict[str, Any], after: dict[str, Any]) -> _Said:
    if UNDOES in after:
        return N_("%(name)s took the last change back"), {}
    return N_("%(name)s corrected the day on which it was done from %(old)s to %(new)s"), {
        "old": _day(before.get("completed_on")),
        "new": _day(after.get("completed_on")),
    }


def _recorded(after: dict[str, Any]) -> _Said:
    """Return both days of what was recorded on another day than it was done."""
    days = {"day": _day(after["completed_on"]), "recorded": _day(after[RECORDED_ON])}
    return N_("done on %(day)s, recorded on %(recorded)s"), days


def _of_the_plan(before: dict[str, Any], after: dict[str, Any]) -> Iterator[_Said]:
    """Yield what a moved day, a decision on days off or a new version of the template changed."""
    if "due" in after and after["due"] != before.get("due"):
        yield _moved(before, after)
    elif after.get("due_reason") != before.get("due_reason"):
        yield _reason(after)
    elif after.get("dtstart") != before.get("dtstart"):
        yield N_("%(name)s moved its beginning to %(day)s"), {"day": _day(after.get("dtstart"))}
    if after.get(START_LINE) != before.get(START_LINE):
        yield _followed(after[START_LINE])
    if COUNTS_FROM in after:
        yield _counted(after[COUNTS_FROM])
    if "summary" in after and after["summary"] != before.get("summary"):
        yield N_("%(name)s reworded it; before: “%(old)s”"), {"old": before.get("summary")}
    columns = [
        title
        for name, title in _COLUMNS.items()
        if name in after and after[name] != before.get(name)
    ]
    if columns:
        yield N_("%(name)s changed: %(columns)s"), {"columns": columns}


def _moved(before: dict[str, Any], after: dict[str, Any]) -> _Said:
    facts: dict[str, Any] = {"old": _day(before.get("due")), "new": _day(after["due"])}
    if after.get("due_reason"):
        facts["reason"] = DayReason.from_plain(after["due_reason"])
        sentence = N_(
            "%(name)s moved its due date from %(old)s to %(new)s, because the original date "
            "falls %(reason)s"
        )
        return sentence, facts
    return N_("%(name)s moved its due date from %(old)s to %(new)s"), facts


def _counted(issued: str | None) -> _Said:
    if issued:
        return N_("counted from the day on which the plan was issued, %(day)s"), {
            "day": _day(issued)
        }
    return N_("counted from the day on which the plan is due, until it is issued"), {}


def _followed(line: str | None) -> _Said:
    if line is None:
        return N_("%(name)s took the start line back"), {}
    return N_("%(name)s set the day from which it is followed: %(day)s"), {"day": _day(line)}


def _reason(after: dict[str, Any]) -> _Said:
    if after.get("due_reason"):
        return N_("%(name)s noted why its due date moved: %(reason)s"), {
            "reason": DayReason.from_plain(after["due_reason"])
        }
    return N_("%(name)s noted that its due date stands as counted"), {}


def _why(after: dict[str, Any]) -> dict[str, Any]:
    return {"closing": closing_in(after)}


def _typed(words: str) -> str:
    """Return what somebody typed without its full stop: the line may go on."""
    return words.removesuffix(".")


def _piece(evidence: dict[str, str]) -> str:
    """Return a piece in words; of an erased one only what kind it was is known."""
    title = begun_small(evidence["title"])
    return f"{title}: {evidence['text']}" if evidence["text"] else title


def _day(text: str | None) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}" if text else "–"
