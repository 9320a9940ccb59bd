"""What people do with their items: start, hold up, prove, tick, decline, take back; one by one or a
whole level at once.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import PurePath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.checklist.closing_words import closing_of, why_closed
from events.checklist.editing import Edit, edit_item, remarks
from events.checklist.evidence import (
    Proof,
    add_evidence,
    evidence_missing,
    evidence_not_given,
    kinds_wanted,
    load_evidence,
)
from events.checklist.history import Stamp, history_of
from events.checklist.states import (
    Completion,
    block_item,
    complete_item,
    complete_items,
    correct_real_day,
    decline_item,
    excuse_item,
    reopen_item,
    start_item,
)
from events.checklist.undo import undo_change
from events.errors import N_
from events.files.store import SUFFIXES, StoredFile
from events.models import ChecklistItem, ItemState, Level, Needs, Unit
from scheduler.simulation.acts.act import Act
from scheduler.simulation.stage import Rule, Said, Stage, Told, Word, as_text, said

STATES = {
    ItemState.NOT_STARTED: N_("not started"),
    ItemState.IN_PROGRESS: N_("in progress"),
    ItemState.BLOCKED: N_("held up"),
    ItemState.DONE: N_("done"),
    ItemState.NOT_DONE: N_("not done"),
    ItemState.NOT_REQUIRED: N_("not required"),
}
_TYPES = {suffix: kind for kind, suffix in SUFFIXES.items()}


class OfItem(Act):
    """An act on one item of one unit's campaign.

    ``by`` is the unit whose post holder does it, unless it is the item's.
    """

    campaign: str
    unit: str
    item: str
    by: str | None = None

    @property
    def rule(self) -> Rule:
        return Rule.CHECKLIST

    def find(self, stage: Stage) -> ChecklistItem:
        return stage.item(stage.campaign(self.campaign, self.unit), self.item)

    def who(self, stage: Stage, item: ChecklistItem) -> dict[str, Any]:
        """Return the arguments that every change of an item takes."""
        return stage.who(stage.unit(self.by) if self.by else item.campaign.unit)

    def stands(self, stage: Stage, item: ChecklistItem) -> Told:
        state, facts = (
            Word(STATES[item.state]),
            {"unit": self._named(stage, item.campaign.unit), "item": item.summary},
        )
        note: str | Said | None = item.blocked
        if why_closed(closing_of(item), "en"):
            note = partial(why_closed, closing_of(item))
        if note:
            return self.told(
                N_("%(unit)s, “%(item)s”: %(state)s (%(note)s)"), state=state, note=note, **facts
            )
        return self.told(N_("%(unit)s, “%(item)s”: %(state)s"), state=state, **facts)

    def _both_days(self, stage: Stage, item: ChecklistItem) -> Iterator[Told]:
        """Tell on which day it was done, if that is not the one on which it was recorded."""
        if item.completed_on is not None and item.completed_on != stage.day:
            days = {"day": as_text(item.completed_on), "recorded": as_text(stage.day)}
            yield self.told(N_("… done on %(day)s, recorded on %(recorded)s"), **days)

    def _named(self, stage: Stage, unit: Unit) -> str | Said:
        """Return the unit's name, after that of the one that acts for it."""
        actor = stage.unit(self.by) if self.by else unit
        if actor is unit:
            return unit.full_name
        return said(N_("%(actor)s for %(unit)s"), actor=actor.full_name, unit=unit.full_name)


class Start(OfItem):
    """Work begins."""

    tries = N_("%(actor)s starts “%(item)s”")
    do: Literal["start"] = "start"

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = self.find(stage)
        yield self.stands(stage, start_item(stage.session, item.id, Stamp(**self.who(stage, item))))


class Block(OfItem):
    """Something stands in the way."""

    tries = N_("%(actor)s notes what holds “%(item)s” up")
    do: Literal["block"] = "block"
    note: str

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = self.find(stage)
        yield self.stands(
            stage, block_item(stage.session, item.id, self.note, Stamp(**self.who(stage, item)))
        )


class Decline(OfItem):
    """It was not done, or with ``excuse`` not needed, and why."""

    tries = N_("%(actor)s closes “%(item)s” without doing it")
    do: Literal["decline"] = "decline"
    reason: str = ""
    excuse: bool = False

    def happen(self, stage: Stage) -> Iterator[Told]:
        item, use_case = self.find(stage), excuse_item if self.excuse else decline_item
        stamp = Stamp(**self.who(stage, item))
        yield self.stands(stage, use_case(stage.session, item.id, self.reason, stamp))


class Reopen(OfItem):
    """A closed item is opened again."""

    tries = N_("%(actor)s opens “%(item)s” again")
    do: Literal["reopen"] = "reopen"

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = self.find(stage)
        yield self.stands(
            stage, reopen_item(stage.session, item.id, Stamp(**self.who(stage, item)))
        )


class Undo(OfItem):
    """The newest change is taken back."""

    tries = N_("%(actor)s takes the last change of “%(item)s” back")
    do: Literal["undo"] = "undo"

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = self.find(stage)
        last = history_of(stage.session, item)[0]
        undo_change(stage.session, item.id, last.id, Stamp(**self.who(stage, item)))
        yield self.told(N_("The last change was taken back: %(summary)s"), summary=item.summary)
        yield self.stands(stage, item)


class EditByHand(OfItem):
    """Wording, dates or role are edited; what is not named stays."""

    tries = N_("%(actor)s edits “%(item)s” by hand")
    do: Literal["edit"] = "edit"
    summary: str | None = None
    due: date | None = None
    dtstart: date | None = None
    role: str | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = self.find(stage)
        wanted = Edit(
            self.summary or item.summary,
            self.due or item.due,
            self.role or item.role_key,
            self.dtstart or item.dtstart,
        )
        edit_item(stage.session, item.id, wanted, Stamp(**self.who(stage, item)))
        unit, stands = (
            self._named(stage, item.campaign.unit),
            {"due": as_text(item.due), "role": item.role.title_vi},
        )
        sentence = N_(
            "%(unit)s edits by hand: “%(item)s”, due on %(due)s, in charge: %(role)s; it stays so"
        )
        yield self.told(sentence, unit=unit, item=item.summary, **stands)
        for sentence, facts in remarks(item, stage.calendar):
            yield self.told(sentence, **facts)


class Piece(BaseModel):
    """One piece of evidence as somebody enters it; ``file`` is only its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    text: str = ""
    url: str = ""
    number: int | None = None
    dated: date | None = None
    file: str | None = None

    @property
    def proof(self) -> Proof:
        return Proof(
            self.kind,
            self.text,
            self.url,
            self.number,
            self.dated,
            _file(self.file) if self.file else None,
        )


class Give(OfItem):
    """Evidence is given; the item stays open."""

    tries = N_("%(actor)s gives evidence of “%(item)s”")
    do: Literal["give"] = "give"
    evidence: tuple[Piece, ...]

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = self.find(stage)
        for piece in self.evidence:
            add_evidence(stage.session, item.id, piece.proof, Stamp(**self.who(stage, item)))
        words = "; ".join(piece.proof.in_words for piece in self.evidence)
        unit = self._named(stage, item.campaign.unit)
        facts = {
            "unit": unit,
            "item": item.summary,
            "missing": evidence_missing(item),
            "pieces": words,
        }
        yield self.told(
            N_("%(unit)s, “%(item)s”: evidence given (%(pieces)s); still wanted: %(missing)s"),
            **facts,
        )


class Tick(OfItem):
    """It is done.

    ``done_on`` is the real day, where that is another than today. ``prove`` adds the evidence that
    is wanted; ``on_behalf_of`` names the unit below that did it.
    """

    tries = N_("%(actor)s marks “%(item)s” as done")
    do: Literal["tick"] = "tick"
    prove: bool = False
    on_behalf_of: str | None = None
    done_on: date | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = self.find(stage)
        who = self.who(stage, item)
        done = complete_item(
            stage.session,
            item.id,
            Stamp(**who),
            done_on=self.done_on,
            on_behalf_of=stage.unit(self.on_behalf_of) if self.on_behalf_of else None,
            proofs=proofs_missing(stage, item, self.done_on) if self.prove else (),
        )
        yield self.stands(stage, done)
        yield from self._both_days(stage, done)
        if done.without_evidence and evidence_not_given(done):
            yield self.told(N_("… without the wanted evidence, as its template allows"))
        behalf = history_of(stage.session, done)[0].on_behalf_of
        if behalf is not None and behalf != done.campaign.unit:
            yield self.told(
                N_("… by %(name)s on behalf of %(unit)s"),
                name=who["by"].full_name,
                unit=behalf.full_name,
            )
        first = [
            item.summary
            for key in item.depends_on
            for item in done.campaign.items
            if item.key == key and item.is_open
        ]
        if first:
            yield self.told(
                N_("… though it should wait for: %(items)s (a warning, not a lock)"),
                items=", ".join(first),
            )


class CorrectDay(OfItem):
    """What is done was done on another day."""

    tries = N_("%(actor)s corrects the day on which “%(item)s” was done")
    do: Literal["correct-day"] = "correct-day"
    done_on: date

    def happen(self, stage: Stage) -> Iterator[Told]:
        item = self.find(stage)
        who = Stamp(**self.who(stage, item))
        done = correct_real_day(stage.session, item.id, self.done_on, who)
        yield self.stands(stage, done)
        yield from self._both_days(stage, done)


class Report(Act):
    """Every unit of a level does an item with its evidence: all that still have it open, or the
    ``first`` so many of them; ``done_on`` is the real day, where that is another than today.
    """

    tries = N_("all units of “%(campaign)s” report")
    do: Literal["report"] = "report"
    campaign: str
    items: tuple[str, ...]
    level: str | None = None  # the lowest one of the register
    first: int | None = None
    silent: tuple[str, ...] = ()  # units that report nothing
    done_on: date | None = None

    @property
    def rule(self) -> Rule:
        return Rule.CHECKLIST

    def happen(self, stage: Stage) -> Iterator[Told]:
        level = self.level or _lowest(stage.session)
        silent = {stage.unit(unit).id for unit in self.silent}
        campaigns = stage.campaigns(self.campaign, Unit.level_key == level, Unit.id.not_in(silent))
        for key in self.items:
            found = [
                item
                for campaign in campaigns
                for item in campaign.items
                if item.key == key and item.is_open
            ][: self.first]
            who = stage.people(item.campaign.unit for item in found)
            load_evidence(stage.session, found)
            ticks = {
                item.id: Completion(
                    Stamp(who[item.campaign.unit_id], stage.now),
                    self.done_on,
                    proofs_missing(stage, item, self.done_on),
                )
                for item in found
            }
            complete_items(stage.session, ticks)
            late, name = (
                sum(item.due < (self.done_on or stage.day) for item in found),
                found[0].summary if found else key,
            )
            facts = {
                "count": len(found),
                "level": stage.level(level),
                "item": name,
                "late": late,
            }
            yield self.told(
                N_(
                    "%(count)s units (%(level)s) report “%(item)s” with evidence, %(late)s of "
                    "them late"
                ),
                **facts,
            )


def _lowest(session: Session) -> str:
    """Return the lowest level whose units nobody enters by hand."""
    lowest = select(Level.key).where(Level.entered_by.is_(None)).order_by(Level.rank.desc())
    return session.scalars(lowest.limit(1)).one()


def proofs_missing(stage: Stage, item: ChecklistItem, dated: date | None = None) -> list[Proof]:
    """Return the evidence that an item still wants, of today or of the day ``dated``."""
    kinds = kinds_wanted(item)
    return [
        _example(kinds, number + 1, dated or stage.day) for number in range(evidence_missing(item))
    ]


def _example(kinds: Mapping[str, Needs], number: int, day: date) -> Proof:
    """Return a piece of the first kind that needs no file, else a file."""
    files = (Needs.PICTURE, Needs.FILE)
    kind = min(kinds, key=lambda kind: kinds[kind] in files)
    match kinds[kind]:
        case Needs.REFERENCE:
            return Proof(kind, text=f"{number}/KH-UBND", dated=day)
        case Needs.HEAD_COUNT | Needs.NUMBER:
            return Proof(kind, number=40 + number)
        case Needs.ADDRESS:
            return Proof(kind, url=f"https://example.org/tin/{number}")
        case Needs.PICTURE:
            return Proof(kind, file=_file(f"anh-{number}.jpg"))
        case _:
            return Proof(kind, text=f"số {number}", file=_file(f"tep-{number}.pdf"))


def _file(name: str) -> StoredFile:
    """Return a file that is only named: the copy in memory keeps none."""
    return StoredFile(
        name, _TYPES[PurePath(name).suffix], sha256(name.encode()).hexdigest(), len(name)
    )
