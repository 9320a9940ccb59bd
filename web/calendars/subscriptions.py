"""Ways to subscribe to a calendar: one panel, every client, none hidden.

The picture code leads to the page and not to the feed: a phone that opens a feed's https address
imports it once and never again, while the page offers that phone the button it needs.
"""

import io
from dataclasses import dataclass
from urllib.parse import quote

import segno
from flask import Blueprint, Response, request, url_for

from events.calendars.view import PATH
from events.errors import InvalidInputError
from events.models import Unit
from web.kit.context import get_config
from web.kit.language import gettext as _

bp = Blueprint("subscriptions", __name__)

PANEL = "dang-ky"  # the anchor of the panel on its page
_WITH_PANEL = ("/ngay/", "/don-vi/")
_PRINTED = ("/chien-dich/",)  # pages that are printed, and lead back from the paper


@dataclass(frozen=True, slots=True)
class Subscription:
    """The addresses of one calendar. ``page`` is the path of the page whose panel offers it."""

    name: str
    slug: str
    page: str

    @property
    def https(self) -> str:
        return get_config().public_url + self.path

    @property
    def path(self) -> str:
        return PATH.format(key=self.slug)

    @property
    def webcal(self) -> str:
        return "webcal://" + self.https.partition("://")[2]

    @property
    def google(self) -> str:
        return self._fill(get_config().google_calendar_url, self.webcal)

    @property
    def outlook(self) -> str:
        return self._fill(get_config().outlook_calendar_url, self.https)

    def _fill(self, template: str, url: str) -> str:
        return template.format(url=quote(url, safe=""), name=quote(self.name, safe=""))


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
    """Return the calendar of a unit: its campaigns and deadlines."""
    return Subscription(unit.full_name, unit.slug, url_for("units.show", slug=unit.slug))
