import struct
import threading
import time
import zlib
from io import BytesIO

import pytest
from PIL import Image

from events.errors import BusyError, InvalidInputError
from events.files import pictures
from events.files.pictures import LARGEST_PICTURE, LARGEST_SIDE, clean_picture


def a_claim_of(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says how large its picture is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def a_jpeg(width: int, height: int, **options: object) -> bytes:
    body = BytesIO()
    Image.new("RGB", (width, height), "crimson").save(body, "JPEG", **options)
    return body.getvalue()


@pytest.mark.parametrize(
    "size", [(10_000, 5_001), (50_000_001, 1), (10_000, 9_500), (60_000, 60_000)]
)
def test_a_picture_that_would_fill_the_memory_is_too_large_and_not_unreadable(size):
    with pytest.raises(
        InvalidInputError, match=f"too large: more than {LARGEST_PICTURE} megapixels"
    ):
        clean_picture(a_claim_of(*size), "image/png")


def test_a_picture_of_the_largest_size_is_looked_at():
    with pytest.raises(InvalidInputError, match="cannot be read"):  # there is nothing in it
        clean_picture(a_claim_of(10_000, 5_000), "image/png")


def test_a_large_photo_lying_on_its_side_is_made_smaller_and_put_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:11:05 08:30:00"

    picture = clean_picture(a_jpeg(6000, 3000, exif=exif), "image/jpeg")

    with Image.open(BytesIO(picture.body)) as image:
        assert image.size == (LARGEST_SIDE // 2, LARGEST_SIDE)
    assert f"{picture.taken:%d/%m/%Y}" == "05/11/2026"


def test_one_picture_after_the_other_is_decoded(monkeypatch):
    running, most = [], []

    def slowly(_image):
        running.append(1)
        most.append(len(running))
        time.sleep(0.02)
        running.pop()

    monkeypatch.setattr(pictures, "_require_fitting", slowly)
    threads = [
        threading.Thread(target=clean_picture, args=(a_jpeg(9, 9), "image/jpeg")) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == [1] * 5


def test_who_would_wait_too_long_for_their_turn_is_told(monkeypatch):
    monkeypatch.setattr(pictures, "_PATIENCE", 0.01)
    with pictures._in_turn(), pytest.raises(BusyError):
        clean_picture(a_jpeg(9, 9), "image/jpeg")

    assert clean_picture(a_jpeg(9, 9), "image/jpeg").taken is None
