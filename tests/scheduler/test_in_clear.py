"""Whoever runs the service is told where others could read along."""

import pytest

from scheduler.config import load_settings
from scheduler.in_clear import ways_in_clear

MAIL = "[notifications]\ntransport = 'smtp'\n[notifications.smtp]\nhost = '{}'\nsecurity = '{}'\n"
DATABASE = "[database]\nurl = 'postgresql://sumvay{}'\n"


@pytest.mark.parametrize(
    ("written", "hosts"),
    [
        ("", []),
        (MAIL.format("127.0.0.1", "none"), []),
        (MAIL.format("::1", "none"), []),
        (MAIL.format("mail.example.org", "none"), ["mail.example.org"]),
        (MAIL.format("192.0.2.7", "none"), ["192.0.2.7"]),
        (MAIL.format("mail.example.org", "starttls"), []),
        (MAIL.format("mail.example.org", "tls"), []),
        (DATABASE.format("@localhost/sumvay"), []),
        (DATABASE.format("@/sumvay?host=/run/postgresql"), []),
        (DATABASE.format("@db.example.org/sumvay"), ["db.example.org"]),
        (DATABASE.format("@db.example.org/sumvay?sslmode=require"), ["db.example.org"]),
        (DATABASE.format("@db.example.org/sumvay?sslmode=verify-full"), []),
        (DATABASE.format("@/sumvay?host=db.example.org"), ["db.example.org"]),
        (
            MAIL.format("mail.example.org", "none") + DATABASE.format("@db.example.org/sumvay"),
            ["mail.example.org", "db.example.org"],
        ),
    ],
)
def test_what_goes_to_another_machine_goes_by_tls_that_proves_its_name(tmp_path, written, hosts):
    file = tmp_path / "config.toml"
    file.write_text(written)

    assert ways_in_clear(load_settings(file)) == hosts
