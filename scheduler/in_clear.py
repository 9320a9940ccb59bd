"""Ways on which others could read along: to another machine, without TLS that proves its name."""

from ipaddress import ip_address

from sqlalchemy.engine import make_url

from scheduler.config import Settings

_PROVEN = "verify-full"  # of libpq's sslmode; the others take whoever answers


def ways_in_clear(settings: Settings) -> list[str]:
    """Return the hosts that the service speaks to in the clear, or without knowing who answers."""
    return [host for host in (_relay(settings), _database(settings)) if host]


def is_here(host: str) -> bool:
    """Tell whether a host is this machine; a folder is the one of a socket."""
    if host in ("", "localhost") or host.startswith("/"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _relay(settings: Settings) -> str | None:
    mail = settings.notifications
    sent = mail.transport == "smtp" and mail.smtp.security == "none"
    return mail.smtp.host if sent and not is_here(mail.smtp.host) else None


def _database(settings: Settings) -> str | None:
    url = make_url(settings.database.url)
    host = url.query.get("host", url.host or "")
    proven = url.query.get("sslmode") == _PROVEN
    return None if proven or not isinstance(host, str) or is_here(host) else host
