from pathlib import Path

import pytest

from scheduler.config import ConfigError, load_settings

SHIPPED = Path(__file__).parents[2] / "config.toml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_the_shipped_configuration_says_what_the_defaults_are(file):
    file.write_text("")

    assert load_settings(SHIPPED).model_dump() == load_settings(file).model_dump()


def test_the_environment_wins_over_the_file(file, monkeypatch):
    file.write_text("[web]\nport = 8001\nhost = '127.0.0.2'\n")
    monkeypatch.setenv("SUMVAY_WEB__PORT", "8002")

    settings = load_settings(file)

    assert (settings.web.port, settings.web.host) == (8002, "127.0.0.2")


def test_a_nested_key_can_be_set_from_the_environment(file, monkeypatch):
    file.write_text("")
    monkeypatch.setenv("SUMVAY_NOTIFICATIONS__SMTP__PORT", "2525")

    assert load_settings(file).notifications.smtp.port == 2525


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[web]\nprot = 1", r"web\.prot: no such key"),
        ("[wep]\nport = 1", r"wep: no such key"),
        ("[web]\nport = 'eighty'", r"web\.port: .*integer.*\(got 'eighty'\)"),
        ("[web]\nport = 70000", r"web\.port: .*65535"),
        ("[web\nport = 1", r"config\.toml: .*line 1"),
        ("[database]\nurl = 'mysql://x/y'", r"database\.url: .*sqlite:/// or postgresql://"),
        ("[events]\ntime_zone = 'Asia/Kontum'", r"events\.time_zone: .*IANA"),
        ("[notifications]\nhours = ['7-25']", r"notifications\.hours: .*no span of hours"),
        (
            "[notifications]\ntransport = 'pigeon'",
            r"notifications\.transport: .*'maildir', 'smtp' or 'null'",
        ),
        (
            "[web]\ngoogle_calendar_url = 'https://x/{nothing}'",
            r"web\.google_calendar_url: .*nothing",
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key(file, text, message):
    file.write_text(text)

    with pytest.raises(ConfigError, match=message) as caught:
        load_settings(file)

    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nirgends\.toml: there is no such file"):
        load_settings(tmp_path / "nirgends.toml")


@pytest.mark.parametrize("name", ["SUMVAY_WEBB__PORT", "SUMVAY_PORT"])
def test_a_variable_that_names_no_key_is_refused(file, monkeypatch, name):
    file.write_text("")
    monkeypatch.setenv(name, "1")

    with pytest.raises(ConfigError, match=name):
        load_settings(file)


def test_the_secret_is_made_once_and_readable_by_the_service_alone(file, tmp_path):
    file.write_text(f"[scheduler]\ndata_dir = '{tmp_path / 'data'}'\n")

    first, second = load_settings(file).secret_key, load_settings(file).secret_key

    assert first == second
    assert len(first) >= 32
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("false", "nobody"),
        ("true", "administrators"),
        ('"administrators"', "administrators"),
        ('"everybody"', "everybody"),
    ],
)
def test_who_has_to_have_two_factors_may_be_said_as_it_was_before(file, written, meant):
    file.write_text(f"[web]\nrequire_2fa = {written}\n")

    assert load_settings(file).web.require_2fa == meant


def test_a_mailed_link_works_between_five_minutes_and_an_hour(file):
    file.write_text("[web]\nlink_minutes = 10\n")
    assert load_settings(file).web.link_minutes == 10

    file.write_text("[web]\nlink_minutes = 61\n")
    with pytest.raises(ConfigError, match="link_minutes"):
        load_settings(file)


def test_workers_want_postgresql(file):
    file.write_text("[scheduler]\nworkers = true\n")

    with pytest.raises(ConfigError, match=r"scheduler\.workers"):
        load_settings(file)


@pytest.mark.parametrize(
    ("address", "security", "port", "username"),
    [
        ("smtp://b.example.org", "none", 25, ""),
        ("smtp+starttls://lich%40x@b.example.org", "starttls", 587, "lich@x"),
        ("smtps://u@b.example.org:4465", "tls", 4465, "u"),
    ],
)
def test_a_second_relay_is_one_address(file, address, security, port, username):
    file.write_text(f"[notifications.smtp]\nfallback = '{address}'\n")

    second = load_settings(file).notifications.smtp.second

    assert second
    found = (second.host, second.security, second.port, second.username)
    assert found == ("b.example.org", security, port, username)


@pytest.mark.parametrize("address", ["b.example.org", "http://b.example.org", "smtp://u:p@b"])
def test_what_is_no_relay_is_refused_and_so_is_a_password_that_everybody_reads(file, address):
    file.write_text(f"[notifications.smtp]\nfallback = '{address}'\n")

    with pytest.raises(ConfigError, match=r"notifications\.smtp\.fallback"):
        load_settings(file)
