"""Every form, every command and every job of the clock that writes: all calendars before and after
each, and the rules between the two.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from events.calendars import ical, person_feed, unit_feed
from scheduler import commands
from scheduler.cli import cli
from scheduler.config import load_settings
from scheduler.service import Service
from scheduler.timetable import ticks
from tests.walk import province as provinces
from tests.walk.province import A_DAY, A_WHILE, Province
from tests.walk.rules import Read, events_of, hold
from tests.walk.steps import STEPS

pytestmark = pytest.mark.slow
LONG_AGO = provinces.NOON - timedelta(days=365)
STAYS = timedelta(days=30)  # what was called off, after it would have been

# From which calendars something may go at once that is neither over nor called off: how their keys
# begin, by the step.
OWN, ALL = ("f/",), ("",)
GOES = {
    "keeping.switch": ALL,  # a day that the province keeps no more
    "reforms.taking_back": ALL,  # the note of an end that was entered by mistake
    # whose post ended reads the work no more; after a reform the new post is to be confirmed
    **dict.fromkeys(("people.end", "people.end holder"), OWN),
    **dict.fromkeys(("reforms.change", "reforms.change rename", "unit merge", "unit rename"), OWN),
}
CALLS_OFF = ("activities.cancel", "activities.cancel every week", "cancelling.cancel")

# What each command is called with after the reform; those that write nothing that is shown, or do
# what others here do, have their reason.
NEW, ON = "Xã Đăk Mới", "2027-03-01"
COMMANDS: dict[str, tuple[str, ...] | str] = {
    "account remove-2fa": "accounts are in no calendar",
    "backup": "reads",
    "calendar decide": ("--year", "2027", "--yes", "-"),
    "catalog check": "reads",
    "catalog import": (),
    "clock": "its jobs are walked one by one",
    "demo": (),
    "doctor": "reads",
    "feed check": "reads",
    "feed write": "reads",
    "init": "migrates, imports the catalogue and opens, as others here do",
    "key renew": "a secret is in no calendar",
    "mail bounce": "mail is in no calendar",
    "mail held": "reads",
    "mail list": "reads",
    "mail requeue": "mail is in no calendar",
    "mail resume": "mail is in no calendar",
    "mail send-once": "jobs of the clock",
    "mail show": "reads",
    "mail why": "reads",
    "migrate": "tests of migrations",
    "open": ("--year", "2027", "--observance", "vn_family_day"),
    "province list": "reads",
    "restore": "a database as it was",
    "rights": "reads",
    "serve": "its jobs are walked one by one",
    "simulate": "writes nothing",
    "start-line": ("2027-03-01", "--yes"),
    "status": "reads",
    "unit abolish": ("village", "--on", ON),
    "unit hand-over": (),
    "unit merge": ("23356-2025", "23365-2025", "--name", NEW, "--on", ON),
    "unit rename": ("23356-2025", "--name", NEW, "--on", ON),
    "unit split": ("23356-2025", "--into", "Xã Một", "--into", "Xã Hai", "--on", "2027-07-01"),
    "unit take-back": "its use case is walked with its form",
    "web": "writes nothing by itself",
    "worker": "what it does is walked as jobs of the clock",
}
DECISION = "Nghỉ bù thứ Hai ngày 15 tháng 3 năm 2027.\n"


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (ical, person_feed, unit_feed):  # the way of writing is older than this year
            patch.setattr(module, "RENDERER_EPOCH", LONG_AGO)
        yield provinces.build(tmp_path_factory.mktemp("walk"))


@pytest.fixture
def service(province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """The service on the province's database, whose commands look at its clock."""
    monkeypatch.setenv("SUMVAY_DATABASE__URL", f"sqlite:///{province.file}")
    monkeypatch.setenv("SUMVAY_SCHEDULER__DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SUMVAY_WEB__PUBLIC_URL", "https://lich.example.org")
    for module in vars(commands).values():
        if hasattr(module, "utc_now"):
            monkeypatch.setattr(module, "utc_now", province.clock)
    return Service(load_settings(Path(__file__).parents[1] / "config.toml"))


def walk(province: Province, name: str, change: Callable[[], object]) -> None:
    """Do something between two writings of all calendars, and ask what holds between them."""
    province.renew()
    before = province.feeds()
    province.clock.advance(A_WHILE)

    change()

    assert province.unmarked() == []
    province.renew()
    found = hold(before, province.feeds(), province.clock.now)
    may_go = GOES.get(name, ())
    assert [
        said for said in found if not (": gone " in said and said.startswith(may_go or "no key"))
    ] == []


def test_every_address_that_takes_a_form_is_walked(province: Province):
    sent = {rule.endpoint for rule in province.app.url_map.iter_rules() if "POST" in rule.methods}

    assert {step.endpoint for step in STEPS.values()} == sent


def test_every_command_is_walked_or_says_why_not():
    assert set(_leaves(cli)) == set(COMMANDS)


@pytest.mark.parametrize("name", STEPS)
def test_calendars_keep_the_rules_around_every_form(province: Province, name: str):
    province.begin_again(later=STEPS[name].later)
    province.prepare(name)

    walk(province, name, lambda: province.check(name, province.send(name)))


@pytest.mark.parametrize(
    "name", [name for name, arguments in COMMANDS.items() if isinstance(arguments, tuple)]
)
def test_calendars_keep_the_rules_around_every_command(
    province: Province, service: Service, name: str
):
    def call() -> None:
        arguments = COMMANDS[name]
        assert isinstance(arguments, tuple)
        done = CliRunner().invoke(cli, [*name.split(), *arguments], input=DECISION)
        assert done.exit_code == 0, (done.output, done.exception)

    province.begin_again(later=True)
    walk(province, name, call)


@pytest.mark.parametrize("later", [False, True], ids=["before the reform", "after the reform"])
def test_calendars_keep_the_rules_around_every_job_of_the_clock(
    province: Province, service: Service, later: bool
):
    province.begin_again(later=later)
    for tick in ticks(service):
        walk(province, tick.name, lambda tick=tick: tick.run(province.clock.now))
    service.close()


@pytest.mark.parametrize("name", CALLS_OFF)
def test_what_is_called_off_is_told_once_and_goes_after_its_last_time(
    province: Province, name: str
):
    province.begin_again()
    province.check(name, province.send(name))
    province.renew()
    told = province.feeds()
    off = {
        (key, uid): events
        for key, kept in told.items()
        for uid, events in events_of(kept.body).items()
        if not key.endswith(f"chien-dich/{uid}")  # it is about this one, and would be empty
        and any(one.value("STATUS") == "CANCELLED" for one in events)
    }
    assert off

    of_campaigns = [_end(events) for events in off.values() if _is_of(events, "/chien-dich/")]
    ends = {  # work is told of as long as the campaign for which it would have been done
        name: max([_end(events), *(of_campaigns if _is_of(events, "/viec/") else [])])
        for name, events in off.items()
    }
    looks = [
        (last + days, last, is_there)
        for last in set(ends.values())
        for days, is_there in ((STAYS - A_DAY, True), (STAYS + 2 * A_DAY, False))
    ]
    for day, last, is_there in sorted(looks):
        province.clock.now = day
        province.renew()
        feeds = province.feeds()
        for (key, uid), events in off.items():
            if ends[key, uid] == last:
                shown = events_of(feeds[key].body).get(uid)
                assert shown == (events if is_there else None), (key, uid, day)


def _is_of(events: Sequence[Read], page: str) -> bool:
    return page in events[0].value("URL")


def _end(events: Sequence[Read]) -> datetime:
    """Return noon of the day on which the last time of an event would have ended."""
    said = [one.value("DTEND") for one in events]
    said += re.findall(r"UNTIL=(\d{8})", " ".join(one.value("RRULE") for one in events))
    last = datetime.strptime(max(said)[:8], "%Y%m%d").replace(tzinfo=UTC)
    return last + timedelta(hours=5)


def _leaves(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, (*before, name))
        else:
            yield " ".join((*before, name))
