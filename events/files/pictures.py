"""Photos without what a camera writes beside the picture: a place, a time and a device are nobody's
business.

A small file can hold a picture that fills the memory. So its size is asked before it is decoded,
and one picture after the other is.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from events.errors import N_, BusyError, InvalidInputError

LARGEST_SIDE = 2560  # pixels; enough to print a page
LARGEST_PICTURE = 50  # megapixels decoded; no telephone needs more
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_QUALITY = 85
_CAMERA = 0x8769  # where EXIF keeps what the camera says
_TAKEN = (0x9003, 0x9004)  # DateTimeOriginal, DateTimeDigitized; DateTime is that of the last edit
_BROKEN = (UnidentifiedImageError, OSError, SyntaxError, ValueError)
_TURN = threading.Lock()
_PATIENCE = 20  # seconds that one picture waits for its turn
_WAITING = threading.BoundedSemaphore(8)  # each holds a thread of the server


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's pixels, written anew, and the day on which it was taken by its camera's clock
    (EXIF 2.32, 4.6.5); None if it does not say.
    """

    body: bytes
    taken: date | None


def clean_picture(body: bytes, media_type: str) -> Picture:
    """Return a picture upright, at most ``LARGEST_SIDE`` pixels wide or high, with nothing but its
    pixels.

    The same photo gives the same bytes. Raises ``InvalidInputError`` for a picture that is broken
    or has more than ``LARGEST_PICTURE`` megapixels, ``BusyError`` while too many others wait.
    """
    with _in_turn():
        try:
            with Image.open(BytesIO(body), formats=[_FORMATS[media_type]]) as image:
                _require_fitting(image)
                taken = _day_taken(image)
                image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))  # decodes no more of it than needed
                picture = ImageOps.exif_transpose(image)
                return Picture(_pixels(picture, _FORMATS[media_type]), taken)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise _too_large() from error
        except _BROKEN as error:
            raise InvalidInputError(
                N_("This picture cannot be read. Please choose another one.")
            ) from error


@contextmanager
def _in_turn() -> Iterator[None]:
    """Let one picture at a time be decoded, and few wait for it."""
    if not _WAITING.acquire(blocking=False):
        raise BusyError
    try:
        if not _TURN.acquire(timeout=_PATIENCE):
            raise BusyError
        try:
            yield
        finally:
            _TURN.release()
    finally:
        _WAITING.release()


def _require_fitting(image: Image.Image) -> None:
    if image.width * image.height > LARGEST_PICTURE * 1_000_000:
        raise _too_large()


def _too_large() -> InvalidInputError:
    return InvalidInputError(
        N_("This picture is too large: more than %(size)s megapixels. Please make it smaller."),
        size=LARGEST_PICTURE,
    )


def _day_taken(image: Image.Image) -> date | None:
    try:
        told = image.getexif().get_ifd(_CAMERA)
    except _BROKEN:
        return None
    days = (_day_in(told.get(tag)) for tag in _TAKEN)
    return next((day for day in days if day is not None), None)


def _day_in(told: object) -> date | None:
    """Return the day in “2026:11:05 08:30:00”; a camera whose clock was never set writes zeros."""
    try:
        return datetime.strptime(str(told)[:10], "%Y:%m:%d").date()  # noqa: DTZ007 the camera's own
    except ValueError:
        return None


def _pixels(picture: Image.Image, form: str) -> bytes:
    clean = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    if picture.mode == "P":
        clean.putpalette(picture.getpalette() or [])
    written = BytesIO()
    clean.save(written, form, quality=_QUALITY)
    return written.getvalue()
