"""What people do in a played year: one class for each `do` of a play, in rooms by subject."""

from typing import Annotated

from pydantic import Field

from scheduler.simulation.acts import (
    checklist,
    choices,
    dates,
    figures,
    kinds,
    meetings,
    papers,
    templates,
    units,
)
from scheduler.simulation.acts.act import Act

_Dates = dates.MoveEvent | dates.LatePlan | dates.FollowPlans | dates.Decide | dates.Holiday
_Kinds = (
    kinds.Keep
    | kinds.AddObservance
    | kinds.AnnounceTheme
    | kinds.ChooseTheme
    | kinds.SwitchOn
    | kinds.OpenOn
)
_Rounds = kinds.CancelRound | kinds.ReopenRound
_Templates = templates.EditTemplate | templates.ApplyVersion | templates.CarryForward
_States = (
    checklist.Start
    | checklist.Block
    | checklist.Decline
    | checklist.Reopen
    | checklist.Undo
    | checklist.EditByHand
)
_Checklist = _States | checklist.Give | checklist.Tick | checklist.CorrectDay | checklist.Report
_Choices = (
    choices.SwitchOff
    | choices.AddItem
    | choices.AddVillage
    | choices.Split
    | choices.Delegate
    | choices.Credit
)
_Meetings = meetings.AddActivity | meetings.Attended
_Papers = papers.Draft | papers.Issue | papers.LookAtDocuments
_Units = (
    units.Merge
    | units.SplitUnit
    | units.Rename
    | units.TakeBack
    | units.ConfirmPosts
    | units.LookAtUnit
)
_Figures = figures.ShowProgress | figures.CompareYears | figures.ShowHistory | figures.ShowReminders

AnyAct = Annotated[
    _Dates
    | _Kinds
    | _Rounds
    | _Templates
    | _Checklist
    | _Choices
    | _Meetings
    | _Papers
    | _Units
    | _Figures,
    Field(discriminator="do"),
]

__all__ = ["Act", "AnyAct"]
