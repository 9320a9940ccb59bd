"""Photos without what a camera writes beside the picture: a place, a time and a device are nobody's
business.
"""

import warnings
from datetime import date, datetime
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from events.errors import N_, InvalidInputError

LARGEST_SIDE = 2560  # pixels; enough to print a page
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_QUALITY = 85
_CAMERA = 0x8769  # where EXIF keeps what the camera says
_TAKEN = (0x9003, 0x9004)  # DateTimeOriginal, DateTimeDigitized; DateTime is that of the last edit


def day_taken(body: bytes, media_type: str) -> date | None:
    """Return the day on which a photo was taken by its camera's clock (EXIF 2.32, 4.6.5); None for
    a picture that does not say.
    """
    try:
        with Image.open(BytesIO(body), formats=[_FORMATS[media_type]]) as image:
            told = image.getexif().get_ifd(_CAMERA)
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Warning,
    ):
        return None  # whoever stores it says that it is broken
    days = (_day_in(told.get(tag)) for tag in _TAKEN)
    return next((day for day in days if day is not None), None)


def without_metadata(body: bytes, media_type: str) -> bytes:
    """Return a picture upright, at most ``LARGEST_SIDE`` pixels wide or high, with nothing but its
    pixels.

    The same photo gives the same bytes. Raises ``InvalidInputError`` for a picture that is broken
    or would not fit in memory.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(body), formats=[_FORMATS[media_type]]) as image:
                picture = ImageOps.exif_transpose(image)
                picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
                return _pixels(picture, _FORMATS[media_type])
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Warning,
    ) as error:
        raise InvalidInputError(
            N_("This picture cannot be read. Please choose another one.")
        ) from error


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
