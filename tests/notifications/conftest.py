"""Items to be reminded of, a postbox instead of a server, and the Vietnamese catalogue as it stands
in the source.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from gettext import GNUTranslations, NullTranslations
from io import BytesIO

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.database.sessions import SessionFactory, new_uid
from events.days.workdays import WorkCalendar
from events.models import Campaign, ChecklistItem, Observance, TemplateVersion, Unit
from events.words import language
from notifications.letters import composer as composer_module
from notifications.letters.composer import Composer
from notifications.outbox.table import Message, MessageKind
from notifications.outbox.writing import enqueue
from notifications.relay import RelayResult, relay_once
from notifications.transports.errors import DeliveryError
from notifications.transports.replies import Reply
from notifications.transports.transport import Transport
from tests.campaigns import a_campaign
from tests.conftest import as_shipped

CREATED = datetime(2021, 1, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def sentences() -> Callable[[str], NullTranslations]:
    """The catalogues, read from their sources, so that tests need no compiled files."""
    catalogues: dict[str, NullTranslations] = {}

    def of(name: str) -> NullTranslations:
        if name not in catalogues:
            catalogues[name] = _read(name)
        return catalogues[name]

    return of


@pytest.fixture(autouse=True)
def _speak_from_source(
    monkeypatch: pytest.MonkeyPatch, sentences: Callable[[str], NullTranslations]
) -> Iterator[None]:
    monkeypatch.setattr(composer_module, "translations", sentences)
    composer_module._environment.cache_clear()
    yield
    composer_module._environment.cache_clear()


@pytest.fixture
def composer() -> Composer:
    return Composer(
        sender="sumvay@example.org", sender_name="Sum Vầy", public_url="https://sumvay.example.org"
    )


class Items:
    """Makes checklist items. Without more words: the commune's, to be done by Friday 19 March 2021."""

    def __init__(self, session: Session, unit: Unit) -> None:
        self._session, self._unit = session, unit
        self._observance = session.scalars(select(Observance).order_by(Observance.id)).first()
        self._version = session.scalars(
            select(TemplateVersion).order_by(TemplateVersion.id)
        ).first()
        self._year = 1900

    def __call__(
        self,
        summary: str = "Gửi kế hoạch lên cấp trên",
        *,
        due: date = date(2021, 3, 19),
        dtstart: date | None = None,
        phase: str = "prepare",
        role: str = "ubnd_xa",
        unit: Unit | None = None,
        **columns: object,
    ) -> ChecklistItem:
        values = {"nominal_due": due, "due_reason": None} | columns
        item = ChecklistItem(
            campaign=self._campaign(unit or self._unit, columns.get("id")),
            uid=new_uid(),
            key=new_uid()[:30],
            position=1,
            summary=summary,
            phase_key=phase,
            role_key=role,
            support_roles=[],
            dtstart=dtstart,
            due=due,
            weight=1,
            required=True,
            evidence=[],
            evidence_min=0,
            depends_on=[],
            created=CREATED,
            last_modified=CREATED,
            **values,
        )
        self._session.add(item)
        self._session.commit()
        return item

    def _campaign(self, unit: Unit, number: object) -> Campaign:
        self._year += 1
        return a_campaign(
            id=number,
            uid=new_uid(),
            observance=self._observance,
            version=self._version,
            template=self._version.template,
            period=f"{self._year}",
            year=self._year,
            unit=unit,
            owner_role_key="so_vhttdl",
            summary="Ngày Quốc tế Hạnh phúc 20/3 năm 2021",
            opens=date(2021, 1, 4),
            dtstart=date(2021, 3, 20),
            dtend=date(2021, 3, 21),
            created=CREATED,
            last_modified=CREATED,
        )


@pytest.fixture
def make_item(session: Session, cast: object) -> Items:
    return Items(session, cast.commune)  # type: ignore[attr-defined]


@dataclass
class Postbox:
    """A transport that keeps what it is given. ``troubles`` are raised first, one a mail."""

    troubles: list[DeliveryError] = field(default_factory=list)
    mails: list[tuple[str, bytes]] = field(default_factory=list)

    def send(self, rcpt_to: str, message: bytes) -> Reply:
        if self.troubles:
            raise self.troubles.pop(0)
        self.mails.append((rcpt_to, message))
        return Reply(250, "OK")

    def check(self) -> None:
        """Always open."""

    def close(self) -> None:
        """Nothing is held open."""


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


Relay = Callable[..., RelayResult]


@pytest.fixture
def relay(
    session_factory: SessionFactory, postbox: Postbox, composer: Composer, vietnam: WorkCalendar
) -> Relay:
    """One round of the relay at a given instant, through the postbox unless told otherwise."""

    def run(now: datetime, transport: Transport = postbox, **options: object) -> RelayResult:
        settings = {"clockwork": as_shipped(vietnam)} | options
        return relay_once(session_factory, transport, composer, now=now, **settings)  # type: ignore[arg-type]

    return run


@pytest.fixture
def make_message(session: Session, cast: object) -> Callable[..., Message]:
    """Put a message for signing in into the outbox."""

    def make(key: str = "sign_in|1", **columns: object) -> Message:
        person = cast.thi  # type: ignore[attr-defined]
        values: dict[str, object] = {
            "kind": MessageKind.SIGN_IN,
            "person": person,
            "rcpt_to": person.email,
            "language": "vi",
            "now": datetime(2021, 3, 12, 0, 30, tzinfo=UTC),
            "params": {"url": "https://sumvay.example.org/dang-nhap/abc"},
            "urgent": True,
        }
        values |= columns
        values.setdefault("expires", values["now"] + timedelta(days=1))  # type: ignore[operator]
        message = enqueue(session, key=key, **values)  # type: ignore[arg-type]
        session.commit()
        return message

    return make


def _read(name: str) -> NullTranslations:
    source = language.TRANSLATIONS / name / "LC_MESSAGES" / "messages.po"
    if not source.exists():
        return NullTranslations()
    compiled = BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    return GNUTranslations(compiled)
