"""A mail server that takes everything and keeps nothing, in a process of its own, so that it takes
no time from the one that is measured: python -m benchmarks.sink
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _Sink(asyncio.Protocol):
    def __init__(self) -> None:
        self._unread, self._in_mail = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out = transport
        self._out.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._unread += data
        answers = []
        while True:
            if self._in_mail:
                _mail, end, rest = self._unread.partition(b"\r\n.\r\n")
                if not end:
                    break
                self._in_mail, self._unread = False, rest
                answers.append(b"250 2.0.0 queued\r\n")
                continue
            line, end, rest = self._unread.partition(b"\r\n")
            if not end:
                break
            self._unread = rest
            answers.append(self._answer(line[:4].upper()))
        self._out.write(b"".join(answers))

    def _answer(self, verb: bytes) -> bytes:
        self._in_mail = verb == b"DATA"
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        if verb == b"QUIT":
            return b"221 bye\r\n"
        return b"354 go ahead\r\n" if verb == b"DATA" else b"250 OK\r\n"


@contextmanager
def sink() -> Iterator[int]:
    """Run a sink and yield its port."""
    command = [sys.executable, "-m", "benchmarks.sink"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
