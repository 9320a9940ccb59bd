"""A new secret key: nothing that was locked is lost, and passwords stay right."""

import pytest
from click.testing import CliRunner
from flask_security.utils import hash_password, verify_password
from sqlalchemy import select

from events.people.persons import add_person
from scheduler import migrate
from scheduler.cli import cli
from scheduler.config import load_settings
from scheduler.keys import renew_secret_key
from scheduler.service import Service
from tests.scheduler.test_config import SHIPPED
from web.accounts import codes
from web.accounts.models import Account, account_of
from web.app import create_app

PASSWORD = "bốn từ dễ nhớ lắm"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("SUMVAY_DATABASE__URL", f"sqlite:///{tmp_path / 'sumvay.db'}")
    monkeypatch.setenv("SUMVAY_SCHEDULER__DATA_DIR", str(tmp_path))
    migrate.upgrade(here().engine)
    return tmp_path


def here() -> Service:
    """Return the service as it starts anew."""
    return Service(load_settings(SHIPPED))


def app_of(service: Service):
    return create_app(service.session_factory, service.web_config)


@pytest.fixture
def key(place) -> str:
    """Somebody with a password and a key of codes; returns that key."""
    service, new = here(), codes.new_key()
    with app_of(service).test_request_context(), service.session_factory.begin() as session:
        account = account_of(session, add_person(session, "Cán bộ thử", "thu@example.org"))
        account.password = hash_password(PASSWORD)
        account.code_key = codes.locked(new, service.settings.secret_key)
    return new


def opens(service: Service) -> tuple[str | None, bool]:
    """Return the key of codes as this service unlocks it, and whether the password is right."""
    with app_of(service).test_request_context(), service.session_factory() as session:
        account = session.scalars(select(Account)).one()
        unlocked = codes.unlocked(account.code_key, service.settings.secret_key)
        return unlocked, verify_password(PASSWORD, account.password)


def test_codes_and_passwords_stay_and_the_key_is_another_one(key, place):
    before = here().settings.secret_key

    answer = CliRunner().invoke(cli, ["key", "renew"], catch_exceptions=False)

    assert answer.exit_code == 0
    assert here().settings.secret_key != before
    assert opens(here()) == (key, True)
    renew_secret_key(here())
    assert opens(here()) == (key, True)
    assert (place / "password_key").read_text() == before


@pytest.mark.parametrize("step", [1, 2, 3])
def test_whenever_the_power_fails_the_next_try_goes_on(key, place, monkeypatch, step):
    """After the old key was put aside, after the new one was written, after all was locked anew."""
    service = here()
    written = iter(range(1, 9))

    class PowerCutError(Exception):
        pass

    def cut(at):
        def wrapped(*args):
            if next(written) == step:
                raise PowerCutError
            return at(*args)

        return wrapped

    from scheduler import keys

    monkeypatch.setattr(keys, "write_whole", cut(keys.write_whole))
    monkeypatch.setattr(keys, "_lock_anew", cut(keys._lock_anew))
    with pytest.raises(PowerCutError):
        renew_secret_key(service)
    monkeypatch.undo()
    monkeypatch.setenv("SUMVAY_DATABASE__URL", f"sqlite:///{place / 'sumvay.db'}")
    monkeypatch.setenv("SUMVAY_SCHEDULER__DATA_DIR", str(place))
    assert opens(here()) == (key, True)

    renew_secret_key(here())

    assert opens(here()) == (key, True)
    assert not (place / "secret_key.new").exists()


def test_a_power_cut_before_the_last_name_loses_nothing_once_it_is_done_again(
    key, place, monkeypatch
):
    service, before = here(), here().settings.secret_key
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError()))
    (place / "password_key").write_text(before)
    (place / "secret_key.new").write_text("n" * 64)
    with pytest.raises(OSError):  # noqa: PT011
        renew_secret_key(service)
    monkeypatch.undo()
    monkeypatch.setenv("SUMVAY_DATABASE__URL", f"sqlite:///{place / 'sumvay.db'}")
    monkeypatch.setenv("SUMVAY_SCHEDULER__DATA_DIR", str(place))

    renew_secret_key(here())

    assert here().settings.secret_key == "n" * 64
    assert opens(here()) == (key, True)
