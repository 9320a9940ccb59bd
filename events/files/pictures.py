"""Photos without what a camera writes beside the picture: a place, a time and a device are nobody's
business.
"""

import warnings
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from events.errors import N_, InvalidInputError

LARGEST_SIDE = 2560  # pixels; enough to print a page
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_QUALITY = 85


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


def _pixels(picture: Image.Image, form: str) -> bytes:
    clean = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    if picture.mode == "P":
        clean.putpalette(picture.getpalette() or [])
    written = BytesIO()
    clean.save(written, form, quality=_QUALITY)
    return written.getvalue()
