"""A mail server that takes everything and remembers of each mail only what counts."""

import asyncio
import re
import threading
from collections import Counter, defaultdict

_HEAD = re.compile(rb"(?im)^(Message-ID|Date): *(.*?)\r$")


class Postbox:
    """A server in a thread of its own. ``pause`` seconds pass before it says that it has a mail."""

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self.copies: Counter[str] = Counter()  # by recipient
        self.ids: defaultdict[str, set[bytes]] = defaultdict(set)
        self.dates: defaultdict[str, set[bytes]] = defaultdict(set)
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def taken(self) -> int:
        return self.copies.total()

    def __enter__(self) -> "Postbox":
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def keep(self, recipient: str, content: bytes) -> None:
        head = dict(_HEAD.findall(content[:4096].partition(b"\r\n\r\n")[0] + b"\r\n"))
        self.copies[recipient] += 1
        self.ids[recipient].add(head[b"Message-ID"])
        self.dates[recipient].add(head[b"Date"])

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._converse, "127.0.0.1", 0, limit=2**20)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 postbox\r\n")
        recipient = ""
        try:
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    writer.write(b"250-postbox\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
                elif verb == b"RCPT":
                    recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                    writer.write(b"250 OK\r\n")
                elif verb == b"DATA":
                    writer.write(b"354 go ahead\r\n")
                    content = await reader.readuntil(b"\r\n.\r\n")
                    self.keep(recipient, content)
                    await asyncio.sleep(self.pause)
                    writer.write(b"250 2.0.0 queued\r\n")
                else:
                    writer.write(b"250 OK\r\n")
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
