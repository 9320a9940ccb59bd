"""What a notice lets its reader do at once: a link for each verb, and a picture code for the
telephone.
"""

import base64
import io
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import segno

from events.checklist.mail_links import PATH, MailLink, last_day_of, token_of
from events.models import Campaign, ChecklistItem

PICTURE = "ma-qr"  # Content-ID of the picture code (RFC 2392)
MY_ITEMS = "/viec-cua-toi/"
_LINE = 76  # characters (RFC 2045, 6.8)


@dataclass(frozen=True, slots=True)
class Acting:
    """The addresses by which the reader of a notice acts, and until when they are good."""

    opened: str
    done: str
    held_up: str
    last_day: date


def acting_on(
    item: ChecklistItem, campaign: Campaign, person_id: int, public_url: str, secret_key: str
) -> Acting:
    """Return the links of one person for one item. They belong into no text that is passed on."""
    token = token_of(MailLink(person_id, item.id), secret_key)
    address = public_url + PATH.format(token=token)
    last_day = last_day_of(campaign, item.due)
    return Acting(address, f"{address}/xong", f"{address}/vuong", last_day)


@lru_cache(maxsize=16)  # drawing one takes longer than writing the mail
def picture_part(address: str) -> str:
    """Return the part of a mail (RFC 2045) that is the picture code of an address.

    It leads to the list of whoever signs in, so that a printed mail opens nothing to others.
    """
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(picture, kind="png", scale=4, border=3)
    body = base64.b64encode(picture.getvalue()).decode()
    lines = [body[start : start + _LINE] for start in range(0, len(body), _LINE)]
    head = (
        "Content-Type: image/png",
        "MIME-Version: 1.0",
        "Content-Transfer-Encoding: base64",
        f"Content-ID: <{PICTURE}>",
        "Content-Disposition: inline; filename=qr.png",
        "",
    )
    return "\r\n".join((*head, *lines))
