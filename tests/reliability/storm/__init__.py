"""A storm: people tick, upload, move dates, merge units, import, decide and open campaigns while
their server is killed.

``make storm SEED=7 KILLS=200`` plays one and prints what came of it as a JSON object. A deed is
acknowledged when the server answered that it is done; it may never be lost. One whose answer never
came is sent again, as people do, and may be there once or not at all, and never by halves.
"""

from tests.reliability.storm.browser import Browser
from tests.reliability.storm.play import Storm

__all__ = ["Browser", "Storm"]
