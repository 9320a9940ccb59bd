"""A second relay takes over while the first one cannot send, and doubles nothing."""

import pytest

from notifications.transports.errors import (
    NoServiceError,
    PermanentDeliveryError,
    UncertainDeliveryError,
)
from notifications.transports.fallback import FallbackTransport, Turn
from notifications.transports.null import NullTransport
from notifications.transports.replies import Reply, Stage


class Relay:
    def __init__(self, *errors):
        self.errors, self.mails = list(errors), []

    def send(self, rcpt_to, message):
        if self.errors and (error := self.errors.pop(0)):
            raise error
        self.mails.append(rcpt_to)
        return Reply(250, "OK")

    def check(self):
        if self.errors:
            raise self.errors[0]

    def close(self):
        pass


BAD_PASSWORD = NoServiceError("no", code=535, stage=Stage.AUTH)
DENIED = NoServiceError("relaying denied", code=554, stage=Stage.RCPT)
TOO_MANY = NoServiceError("too many connections", code=421, stage=Stage.CONNECT)


def test_what_hits_every_mail_sends_all_the_other_way_for_a_while(monkeypatch):
    first, second, turn = Relay(BAD_PASSWORD), Relay(), Turn()
    one, two = (FallbackTransport(first, second, turn) for _ in range(2))

    reply = one.send("a@example.org", b"")
    two.send("b@example.org", b"")
    monkeypatch.setattr(turn, "until", 0.0)
    two.send("c@example.org", b"")

    assert (second.mails, first.mails) == (["a@example.org", "b@example.org"], ["c@example.org"])
    assert "second relay" in reply.text


@pytest.mark.parametrize("error", [DENIED, TOO_MANY])
def test_what_may_be_about_one_mail_or_connection_sends_only_that_one_the_other_way(error):
    first, second = Relay(error), Relay()
    both = FallbackTransport(first, second, Turn())

    for name in ("a", "b"):
        both.send(f"{name}@example.org", b"")

    assert (second.mails, first.mails) == (["a@example.org"], ["b@example.org"])


@pytest.mark.parametrize(
    "error", [UncertainDeliveryError("lost after the dot"), PermanentDeliveryError("no such user")]
)
def test_what_the_first_relay_may_have_or_refuses_goes_nowhere_else(error):
    second = Relay()
    both = FallbackTransport(Relay(error), second, Turn())

    with pytest.raises(type(error)):
        both.send("a@example.org", b"")

    assert second.mails == []


def test_when_neither_can_send_the_words_of_the_first_are_told():
    both = FallbackTransport(Relay(BAD_PASSWORD), Relay(DENIED), Turn())

    with pytest.raises(NoServiceError) as told:
        both.send("a@example.org", b"")

    assert told.value is BAD_PASSWORD


def test_the_check_up_looks_at_both():
    with pytest.raises(NoServiceError):
        FallbackTransport(Relay(), Relay(BAD_PASSWORD), Turn()).check()


def test_nowhere_takes_every_mail_whose_recipient_could_get_one():
    assert NullTransport().send("a@example.org", b"").code == 250
    with pytest.raises(PermanentDeliveryError):
        NullTransport().send("a b@example.org", b"")
