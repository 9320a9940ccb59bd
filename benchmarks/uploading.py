"""A colleague's note while somebody uploads five telephone photos, against the same alone (before
and after), on a real server. Both wait for the same processors, and neither for the other's
transaction.
"""

import io
import itertools
import shutil
import statistics
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from benchmarks.measure import Measured, report, seconds
from tests.reliability.storm import Browser, Storm

LIMIT = 2.0
PHOTOS, WIDTH, HEIGHT = 5, 4000, 3000
NOTES = 30


def run() -> Iterator[Measured]:
    """Measure one colleague beside one who uploads."""
    home = Path(tempfile.mkdtemp(prefix="sumvay-bench-"))
    storm = Storm(home, f"sqlite:///{home / 'var' / 'sumvay.db'}", 1)
    work = storm.prepare()
    storm.server.start()
    try:
        colleague, uploader = (Browser(storm.server.port) for _ in range(2))
        colleague.sign_in("nguoi1@example.org")
        uploader.sign_in("nguoi2@example.org")
        mine, theirs = work.proofs[1][0][0], work.proofs[2][0][0]
        photos = [_photo(40 + number) for number in range(PHOTOS)]
        number = itertools.count()

        def note() -> None:
            status, _page = colleague.post(f"/viec/{mine}/vuong-mac", note=f"lần {next(number)}")
            if status != 303:
                raise RuntimeError(f"the note was answered with {status}")

        for _ in range(NOTES):
            note()  # what every server does once is nobody's wait
        alone = [seconds(note) for _ in range(NOTES)]
        busy = threading.Thread(target=_upload, args=(uploader, theirs, photos))
        busy.start()
        beside = []
        while busy.is_alive():
            beside.append(seconds(note))
        alone += [seconds(note) for _ in range(NOTES)]
        usual, beside_photos = statistics.median(alone), statistics.median(beside)
        detail = (
            f"{beside_photos * 1000:.0f} ms, half of {len(beside)}, "
            f"to {usual * 1000:.0f} ms alone; slowest {max(beside) * 1000:.0f} ms"
        )
        yield report("a note beside five photos", beside_photos / usual, LIMIT, detail)
    finally:
        storm.server.kill()
        storm.engine.dispose()
        shutil.rmtree(home, ignore_errors=True)


def _upload(browser: Browser, item: int, photos: list[bytes]) -> None:
    for photo in photos:
        status, _page = browser.send_file(f"/viec/{item}/minh-chung", "photo-file", photo)
        if status != 303:
            raise RuntimeError(f"a photo was answered with {status}")


def _photo(grain: int) -> bytes:
    body = io.BytesIO()
    noise = Image.effect_noise((WIDTH, HEIGHT), grain).convert("RGB")
    noise.save(body, "JPEG", quality=80)
    return body.getvalue()
