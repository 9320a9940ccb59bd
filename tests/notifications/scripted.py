"""A real SMTP server on this machine that does as a script says: at one stage it answers what it is
told, hangs, or hangs up; after that it is a good server again.
"""

import socket
import socketserver
import struct
from contextlib import suppress
from threading import Event, Thread

NO_UTF8 = b"250 2.0.0 \xff\xfe\xd0 queued"


class ScriptedServer(socketserver.ThreadingTCPServer):
    """``faults`` are pairs of a stage and an answer; each is played once, the first that fits."""

    allow_reuse_address = daemon_threads = True
    request_queue_size = 64

    def __init__(self, *faults, pipelining=False, auth=True):
        self.faults = list(faults)
        self.extensions = [b"8BITMIME"]
        self.extensions += [b"PIPELINING"] if pipelining else []
        self.extensions += [b"AUTH PLAIN"] if auth else []
        self.mails, self.senders, self.connections = [], [], 0
        self.over = Event()
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.port = self.server_address[1]
        self.thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def fault_at(self, stage):
        found = next((fault for fault in self.faults if fault[0] == stage), None)
        if found:
            self.faults.remove(found)
        return found[1] if found else None

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_error):
        self.over.set()
        self.shutdown()
        self.thread.join()
        self.server_close()


class _OverError(Exception):
    """The connection has ended as the script says."""


class _Conversation(socketserver.BaseRequestHandler):
    """One connection. Little is read at once, so that a hang-up leaves the rest unread, as it is with
    servers that die.
    """

    unread = b""

    def handle(self):
        self.server.connections += 1
        with suppress(_OverError, OSError):
            self._converse()

    def _converse(self):
        self._answer("connect", b"220 ready")
        while line := self._line():
            verb = line.split()[0].upper()
            if verb == b"QUIT":
                self._say(b"221 bye")
                return
            if verb in (b"EHLO", b"HELO"):
                lines = [b"here", *self.server.extensions]
                joined = b"\r\n".join(
                    [b"250-" + each for each in lines[:-1]] + [b"250 " + lines[-1]]
                )
                self._answer("ehlo", joined)
            elif verb == b"AUTH":
                self._answer("auth", b"235 2.7.0 in")
            elif verb == b"MAIL":
                self.recipient = None
                self.server.senders.append(line)
                self._answer("mail", b"250 2.1.0 OK")
            elif verb == b"RCPT":
                if self._answer("rcpt", b"250 2.1.5 OK").startswith(b"25"):
                    self.recipient = line
            elif verb == b"DATA":
                self._data()
            else:
                self._say(b"250 OK")

    def _data(self):
        if self.recipient is None:
            return self._say(b"554 5.5.1 no valid recipients")
        if not self._answer("data", b"354 go ahead").startswith(b"354"):
            return None
        fault = self.server.fault_at("body")
        if fault == "drop at once":
            self._die()
        if fault:
            self._line()
            if fault == "drop":
                self._die()
            self._play(fault)
        content = b""
        while (line := self._line()) != b".\r\n":
            if not line:
                raise _OverError
            content += line
        fault = self.server.fault_at("dot")
        if fault is None or fault.startswith(("2", "drop but")):
            self.server.mails.append((self.recipient, content))
        return self._play(fault) if fault else self._say(b"250 2.0.0 queued")

    def _die(self):
        """Reset the connection at once: a polite end may be read before the reset that follows."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.request.close()
        raise _OverError

    def _answer(self, stage, usual):
        fault = self.server.fault_at(stage)
        if fault is None:
            return self._say(usual)
        return self._play(fault)

    def _play(self, fault):
        if fault in ("drop", "drop but keep"):
            raise _OverError
        if fault == "hang":
            self.server.over.wait(20)
            raise _OverError
        if fault == "one byte each 0.4 s":
            for byte in b"250 2.0.0 a very long answer indeed\r\n":
                self.request.sendall(bytes([byte]))
                if self.server.over.wait(0.4):
                    raise _OverError
            return b""
        if fault.startswith("half "):
            self.request.sendall(fault.removeprefix("half ").encode())
            raise _OverError
        if fault == "garbage":
            return self._say(b"\x00\x01 what is this")
        if fault == "a line of 9,000 bytes":
            return self._say(b"x" * 9000)
        if fault == "250 with bytes that are no UTF-8":
            return self._say(NO_UTF8)
        code = fault.replace(" instead of 354", "").encode()
        self._say(code)
        if code.startswith(b"421"):
            raise _OverError
        return code

    def _line(self):
        while b"\n" not in self.unread:
            came = self.request.recv(512)
            if not came:
                return b""
            self.unread += came
        line, end, self.unread = self.unread.partition(b"\n")
        return line + end

    def _say(self, reply):
        self.request.sendall(reply + b"\r\n")
        return reply


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
