"""Ways to subscribe to a calendar: one panel, every client, none hidden, the reader's own first.

The picture code leads to the page and not to the feed: a phone that opens a feed's https address
imports it once and never again, while the page offers that phone the button it needs.
"""

import io
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

import segno
from flask import Blueprint, Response, request, url_for

from events.calendars.campaign_feed import PREFIX
from events.calendars.view import ENGLISH, PATH
from events.errors import InvalidInputError
from events.models import Campaign, Unit
from web.kit.context import get_config
from web.kit.language import current
from web.kit.language import gettext as _

bp = Blueprint("subscriptions", __name__)

PANEL = "dang-ky"  # the anchor of the panel on its page
_WITH_PANEL = ("/ngay/", "/don-vi/", "/dang-ky-lich")
_PRINTED = ("/chien-dich/",)  # pages that are printed, and lead back from the paper
_AT_HOME = (".local", ".lan", ".internal", ".home", ".localhost", ".test")
_DEVICES = (  # what a browser says of itself, and the way that its reader most likely wants
    ("iphone", "apple"),
    ("ipad", "apple"),
    ("macintosh", "apple"),
    ("android", "google"),
    ("windows", "outlook"),
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """The addresses of one calendar.

    ``page`` is the path of the page whose panel offers it; ``path`` that of a calendar which only
    its owner knows.
    """

    name: str
    slug: str
    page: str
    secret_path: str = ""

    @property
    def path(self) -> str:
        """The calendar in the language of the page."""
        key = f"{ENGLISH}{self.slug}" if current() == "en" else self.slug
        return self.secret_path or PATH.format(key=key)

    @property
    def id(self) -> str:
        return self.slug.replace("/", "-").partition("@")[0]

    @property
    def https(self) -> str:
        return get_config().public_url + self.path

    @property
    def webcal(self) -> str:
        return "webcal://" + self.https.partition("://")[2]

    @property
    def google(self) -> str:
        return self._fill(get_config().google_calendar_url, self.webcal)

    @property
    def outlook(self) -> str:
        return self._fill(get_config().outlook_calendar_url, self.https)

    @property
    def ways(self) -> list[tuple[str, str]]:
        """The ways by one button with their addresses, the reader's own device first.

        Google and Outlook on the web fetch from the internet: where they cannot, they are not
        offered.
        """
        ways = {"apple": self.webcal, "google": self.google, "outlook": self.outlook}
        if not self.is_reached:
            ways = {"apple": self.webcal}
        agent = request.user_agent.string.lower()
        mine = next((way for name, way in _DEVICES if name in agent), "")
        return sorted(ways.items(), key=lambda way: way[0] != mine)

    @property
    def is_reached(self) -> bool:
        """Tell whether calendars on the internet can fetch this one."""
        return is_reached(get_config().public_url)

    @property
    def is_https(self) -> bool:
        return get_config().public_url.startswith("https://")

    @property
    def is_here_only(self) -> bool:
        """Tell whether the address means this very machine: no phone that scans it gets there."""
        host = urlsplit(get_config().public_url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host.endswith("localhost")

    def _fill(self, template: str, url: str) -> str:
        return template.format(url=quote(url, safe=""), name=quote(self.name, safe=""))


def is_reached(address: str) -> bool:
    """Tell whether the services of others can reach an address: https, and no private one."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or not host:
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_AT_HOME)


@bp.get("/ma-qr.svg")
def code() -> Response:
    """Draw the picture code of one of our own pages (``?trang=/ngay/…``); a calendar's leads to its
    panel there.
    """
    page = request.args.get("trang", "")
    if not page.startswith((*_WITH_PANEL, *_PRINTED)) or not page.isascii() or len(page) > 200:
        raise InvalidInputError(_("There is no picture code for this address."))
    picture = io.BytesIO()
    anchor = f"#{PANEL}" if page.startswith(_WITH_PANEL) else ""
    segno.make(f"{get_config().public_url}{page}{anchor}", error="m").save(
        picture, kind="svg", scale=5, border=3, light="#fff"
    )
    response = Response(picture.getvalue(), mimetype="image/svg+xml")
    response.cache_control.public = True
    response.cache_control.max_age = 86400
    return response


def unit_subscription(unit: Unit) -> Subscription:
    """Return the calendar of a unit: its campaigns and what people may attend."""
    return Subscription(unit.full_name, unit.slug, url_for("units.show", slug=unit.slug))


def campaign_subscription(campaign: Campaign) -> Subscription:
    """Return the calendar of a campaign."""
    page = url_for("campaigns.show", uid=campaign.uid)
    return Subscription(campaign.summary, f"{PREFIX}{campaign.uid}", page)
