"""Figures for Prometheus. They are read from the database when they are asked for, so that it does
not matter which of several processes answers, and none of them counts for itself: a gauge that
each process keeps would show a different one with every scrape.
"""

import hmac
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from notifications.outbox.listing import number_by_state
from notifications.outbox.standing import standing
from web.kit.context import get_config, get_session, now
from web.kit.troubles import troubles_now

bp = Blueprint("metrics", __name__)


@bp.get("/metrics")
def show() -> Response:
    """Answer this machine, or whoever brings the token; 403 to others."""
    if not (_brings_token() or _asks_from_here()):
        abort(403)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures())
    headers = {"Cache-Control": "no-store"}
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST, headers=headers)


class _Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        session, at = get_session(), now()
        stands = standing(session, at)
        waits = (at - stands.oldest).total_seconds() if stands.oldest else 0
        for name, help_, value in (
            ("mail_waiting", "Messages that are still tried", stands.waiting),
            ("mail_due", "Messages that could leave now", stands.due),
            ("mail_oldest_seconds", "For how long the first of them could have left", waits),
            ("mail_failed_day", "Messages refused for good within a day", stands.failed),
            ("mail_unknown_day", "Messages of a day of which nobody knows", stands.unknown),
            ("mail_suppressed_addresses", "Addresses without reminders", stands.suppressed),
            ("troubles", "Things that somebody has to see to", len(troubles_now())),
        ):
            yield GaugeMetricFamily(f"sumvay_{name}", help_, value=value)
        states = GaugeMetricFamily("sumvay_messages", "Messages by state", labels=["state"])
        for state, number in sorted(number_by_state(session).items()):
            states.add_metric([state.value], number)
        yield states


def _brings_token() -> bool:
    token = get_config().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def _asks_from_here() -> bool:
    """Tell whether the question comes from this machine. Behind a proxy that is not told of
    (`trusted_proxies`) everybody seems to.
    """
    config = get_config()
    host = urlsplit(config.public_url).hostname or ""
    is_public = not (host == "localhost" or _is_loopback(host))
    if is_public and not config.trusted_proxies:
        return False
    return _is_loopback(request.remote_addr or "")


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
