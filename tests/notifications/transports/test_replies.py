"""What each reply of a server means, against a real server that gives it, with and without
pipelining.
"""

import tomllib
from pathlib import Path

import pytest

from notifications.transports.errors import (
    DeliveryError,
    NoServiceError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from notifications.transports.replies import Meaning, Reply, Stage, is_plain, meaning
from notifications.transports.smtp import SmtpTransport
from tests.notifications.scripted import ScriptedServer

DATA = Path(__file__).parents[2] / "data" / "mail"
CASES = tomllib.loads((DATA / "smtp_replies.toml").read_text())
ROWS = CASES["reply"] + CASES["more"]


def _patience(answer):
    if answer.startswith("one byte"):
        return {"timeout": 2, "longest": 3}
    return {"timeout": 1.5 if answer == "hang" else 30, "longest": 60}


def outcome_of(transport, mail):
    try:
        transport.send("thi@example.org", mail)
    except NoServiceError:
        return "ours"
    except TransientDeliveryError:
        return "retry"
    except UncertainDeliveryError:
        return "unknown"
    except PermanentDeliveryError as error:
        return "bad_address" if error.bad_address else "refused"
    except DeliveryError:
        return "nothing that a relay knows"
    return "sent"


@pytest.mark.parametrize("pipelining", [False, True], ids=["one by one", "pipelined"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['stage']}: {row['answer'][:30]}")
def test_a_reply_means_what_was_agreed_on_and_the_next_mail_passes(row, pipelining):
    mail = (DATA / "reminder.vi.eml").read_bytes()
    wanted = "sent" if row["outcome"] == "go_on" else row["outcome"]
    with ScriptedServer((row["stage"], row["answer"]), pipelining=pipelining) as server:
        transport = SmtpTransport(
            host="127.0.0.1",
            port=server.port,
            username="sumvay",
            password="secret",
            **_patience(row["answer"]),
        )
        assert outcome_of(transport, mail) == wanted
        server.mails.clear()

        assert outcome_of(transport, mail) == "sent"
        assert [content for _, content in server.mails] == [mail]
        transport.close()


def test_every_stage_is_among_the_cases_and_at_least_forty_replies_are_more_than_agreed_on():
    assert {row["stage"] for row in ROWS} == set(Stage)
    assert len(CASES["more"]) >= 40


def test_an_answer_that_comes_slowly_counts_if_it_ends_in_time():
    mail = (DATA / "reminder.vi.eml").read_bytes()
    with ScriptedServer(("dot", "one byte each 0.4 s"), auth=False) as server:
        transport = SmtpTransport(host="127.0.0.1", port=server.port, timeout=1, longest=60)

        assert outcome_of(transport, mail) == "sent"
        transport.close()


@pytest.mark.parametrize("detail", ["4", "5", "7", "8", "9", "11"])
def test_no_other_word_about_an_address_condemns_it(detail):
    reply = Reply(550, f"5.1.{detail} something")

    assert meaning(Stage.RCPT, reply) is not Meaning.BAD_ADDRESS


@pytest.mark.parametrize("stage", list(Stage))
def test_only_a_positive_reply_after_the_dot_means_that_a_mail_was_taken(stage):
    for code in range(1000):
        found = meaning(stage, Reply(code, "whatever"))

        assert (found is Meaning.SENT) is (stage is Stage.DOT and 200 <= code < 300)


def test_a_refusal_without_an_enhanced_code_is_plain():
    assert is_plain(Reply(550, "No such user here"))
    assert is_plain(Reply(550, "5.1.1x no code"))
    assert not is_plain(Reply(550, "5.1.1 no such user"))
