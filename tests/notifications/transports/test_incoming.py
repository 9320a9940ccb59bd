"""A box that is asked over IMAP, on a server of this machine that knows what the reader needs."""

import re
import socketserver
import threading

import pytest

from notifications.transports.errors import NoServiceError
from notifications.transports.incoming import Box

MAILS = {1: b"Subject: one\r\n\r\n{5}\r\n", 4: b"Subject: four\r\n\r\n)\r\n"}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, *, refuses=""):
        super().__init__(("127.0.0.1", 0), Conversation)
        self.refuses, self.seen = refuses, set()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def box(self):
        port = self.server_address[1]
        return Box("127.0.0.1", "lich", 'a "secret" key', port, is_encrypted=False)


class Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline():
            tag, verb, rest = [*line.rstrip().split(b" ", 2), b""][:3]
            command = verb.upper().decode()
            if command == "UID":
                command, _space, rest = rest.partition(b" ")
                command = command.decode().upper()
            if command == self.server.refuses:
                self.wfile.write(tag + b" NO not now\r\n")
                continue
            getattr(self, f"do_{command.lower()}", lambda _rest: None)(rest)
            self.wfile.write(tag + b" OK done\r\n")

    def do_capability(self, _rest):
        self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")

    def do_select(self, _rest):
        self.wfile.write(b"* 2 EXISTS\r\n")

    def do_search(self, _rest):
        left = [str(n).encode() for n in MAILS if n not in self.server.seen]
        self.wfile.write(b"* SEARCH " + b" ".join(left) + b"\r\n")

    def do_fetch(self, rest):
        number = int(rest.split()[0])
        content = MAILS[number]
        self.wfile.write(b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n" % (number, len(content)))
        self.wfile.write(content + b")\r\n")

    def do_store(self, rest):
        assert b"\\Seen" in rest
        self.server.seen.add(int(re.match(rb"\d+", rest)[0]))


def test_what_nobody_has_read_is_taken_in_once():
    server, taken = Server(), []

    assert server.box.read(taken.append) == 2
    assert server.box.read(taken.append) == 0

    assert taken == list(MAILS.values())
    server.shutdown()
    server.server_close()


def test_what_could_not_be_taken_in_stays_unread():
    server = Server()

    def fail(_content):
        raise ValueError("the database is away")

    with pytest.raises(ValueError, match="away"):
        server.box.read(fail)

    assert server.seen == set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "SEARCH", "FETCH"])
def test_a_server_that_says_no_is_no_service(command):
    server = Server(refuses=command)

    with pytest.raises(NoServiceError):
        server.box.read(lambda content: None)

    server.shutdown()
    server.server_close()


def test_a_server_that_is_not_there_is_no_service():
    with pytest.raises(NoServiceError):
        Box("127.0.0.1", "lich", "x", 1, is_encrypted=False).read(lambda content: None)
