"""What leaves is checked against files in tests/data/mail.

After a change that is meant, write them anew with SUMVAY_WRITE_GOLDEN=1.
"""

import base64
import os
import quopri
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.days.reasons import Cause, DayReason
from events.errors import InvalidInputError
from events.models import DecidedYear, Office
from events.units.office import office_to_change
from notifications.notices.reminders import write_reminders
from notifications.outbox.table import Message, MessageKind
from tests.chance import drawn
from tests.conftest import as_shipped

GOLDEN = Path(__file__).parents[2] / "data" / "mail"
DAY_BEFORE = datetime(2021, 3, 18, 0, 30, tzinfo=UTC)
LINK = "https://sumvay.example.org/dang-nhap/abc"
A_LONG_SUMMARY = "Xây dựng kế hoạch tổ chức các hoạt động hưởng ứng Ngày Quốc tế Hạnh phúc và gửi Ủy ban nhân dân huyện"


@pytest.fixture
def write(session, vietnam, cast):
    """Write the reminders that are due and return Thi's, with an identity that does not depend on
    row numbers.
    """

    def run(now=DAY_BEFORE, language="vi"):
        cast.thi.language = language
        write_reminders(session, now=now, clockwork=as_shipped(vietnam))
        message = session.query(Message).filter_by(person_id=cast.thi.id).one()
        message.message_id = "<0123456789abcdef@sumvay>"
        session.commit()
        return message

    return run


def test_a_mail_comes_from_the_address_and_in_the_name_that_the_office_entered(
    session, composer, make_item, write
):
    make_item("Treo băng rôn")
    office = office_to_change(session)
    office.sender, office.name = "giadinh@example.org", "Lịch gia đình Cần Thơ"

    headers = raw_headers(composer.compose(session, write()))

    assert encoded_words(headers["From"]) == "Lịch gia đình Cần Thơ <giadinh@example.org>"


def encoded_words(header):
    """Decode a header by hand (RFC 2047): a second opinion on what the library wrote."""
    header = re.sub(r"\?=\s+=\?", "?==?", header)

    def decode(found):
        charset, encoding, text = found.groups()
        raw = (
            base64.b64decode(text)
            if encoding in "bB"
            else quopri.decodestring(text.replace("_", " "))
        )
        return raw.decode(charset)

    return re.sub(r"=\?([^?]+)\?([bBqQ])\?([^?]*)\?=", decode, header)


def raw_headers(mail):
    head = mail.partition(b"\r\n\r\n")[0].decode("ascii")
    lines = re.sub(r"\r\n[ \t]", " ", head).split("\r\n")
    return dict(line.split(": ", 1) for line in lines)


def compare(name, mail):
    path = GOLDEN / f"{name}.eml"
    if os.environ.get("SUMVAY_WRITE_GOLDEN"):
        path.write_bytes(mail)
    assert mail == path.read_bytes()


def test_a_reminder_in_vietnamese(session, composer, make_item, write):
    moved = {"nominal_due": date(2021, 3, 20), "due_reason": DayReason(Cause.WEEKEND)}
    make_item(A_LONG_SUMMARY, id=900_001, **moved)

    compare("reminder.vi", composer.compose(session, write()))


def test_a_digest_in_vietnamese_names_what_is_overdue_first(session, composer, make_item, write):
    make_item("Tổng hợp <báo cáo> & gửi ảnh", id=900_002, due=date(2021, 3, 17))
    make_item("Treo băng rôn", id=900_003, due=date(2021, 3, 31), dtstart=date(2021, 3, 25))

    mail = composer.compose(session, write())

    compare("digest.vi", mail)
    text = message_from_bytes(mail, policy=policy.default).get_body(("plain",)).get_content()
    assert text.index("Tổng hợp") < text.index("Treo băng rôn")


def test_a_reminder_in_english(session, composer, make_item, write):
    make_item(id=900_004)

    compare("reminder.en", composer.compose(session, write(language="en")))


def test_a_reminder_in_english_calls_things_by_their_english_titles(
    session, composer, make_item, write
):
    make_item("Treo băng rôn, khẩu hiệu, pano tại trụ sở và trục đường chính")

    english = text_of(composer.compose(session, write(language="en")))

    assert "1. Hang banners and slogans" in english
    assert "International Day of Happiness" in english
    assert "Treo băng rôn" not in english


def test_a_reminder_in_english_says_in_english_why_its_date_was_moved(
    session, composer, make_item, write
):
    make_item(nominal_due=date(2021, 3, 20), due_reason=DayReason(Cause.WEEKEND))

    mail = message_from_bytes(
        composer.compose(session, write(language="en")), policy=policy.default
    )

    text = mail.get_body(("plain",)).get_content()
    assert "Saturday, 20 March 2021 falls on a weekend." in text
    assert "ngày nghỉ" not in text


def test_a_mail_says_that_a_day_is_a_guess_only_as_long_as_nobody_has_decided_it(
    session, composer, make_item, write
):
    make_item(nominal_due=date(2027, 2, 8), due_reason=DayReason(Cause.TET, provisional=True))
    session.flush()

    guessed = text_of(composer.compose(session, write()))
    session.add(DecidedYear(year=2027))
    decided = text_of(composer.compose(session, write()))

    assert "rơi trong kỳ nghỉ Tết (dự kiến)" in guessed
    assert "rơi trong kỳ nghỉ Tết." in decided


def text_of(mail):
    return message_from_bytes(mail, policy=policy.default).get_body(("plain",)).get_content()


def test_a_link_to_sign_in(session, composer, make_message):
    compare("sign_in.vi", composer.compose(session, make_message("golden")))


def test_the_same_row_is_the_same_bytes(session, composer, make_item, write):
    make_item()
    message = write()

    assert composer.compose(session, message) == composer.compose(session, message)


def test_a_reminder_says_everything_that_is_needed_to_act(
    session, composer, make_item, write, cast
):
    item = make_item(nominal_due=date(2021, 3, 20), due_reason=DayReason(Cause.WEEKEND))

    mail = message_from_bytes(composer.compose(session, write()), policy=policy.default)

    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    for part in (text, html):
        assert "Gửi kế hoạch lên cấp trên" in part
        assert "Ngày Quốc tế Hạnh phúc 20/3 năm 2021" in part
        assert "Thị trấn Đăk Glei" in part
        assert "thứ Sáu, ngày 19 tháng 3 năm 2021" in part
        assert "còn 1 ngày" in part
        assert "thứ Bảy, ngày 20 tháng 3 năm 2021 rơi vào ngày nghỉ cuối tuần" in part
        assert f"https://sumvay.example.org/viec/{item.id}" in part
        assert "Zalo" in part
    assert '<html lang="vi">' in html
    assert mail["Subject"] == "Gửi kế hoạch lên cấp trên, hạn thứ Sáu 19/03"
    assert mail["To"].addresses[0].display_name == cast.thi.full_name


def test_machines_can_tell_that_nobody_typed_it(session, composer, make_item, write):
    make_item()

    headers = raw_headers(
        replace(composer, reply_to="vanphong@example.org").compose(session, write())
    )

    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert headers["List-Id"] == "<reminder.example.org>"
    assert headers["Reply-To"] == "vanphong@example.org"
    assert headers["Message-ID"] == "<0123456789abcdef@sumvay>"
    assert headers["Date"] == "Thu, 18 Mar 2021 07:30:00 +0700"


def test_lines_are_short_ascii_and_end_as_the_standard_says(session, composer, make_item, write):
    make_item(A_LONG_SUMMARY)

    mail = composer.compose(session, write())

    assert mail.isascii()
    assert b"\n" not in mail.replace(b"\r\n", b"")
    assert max(map(len, mail.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    "name", ["Hòa\r\nBcc: la@example.org", "Hòa\nX: y", "Hòa\x7f", "Hòa\u2028"]
)
def test_a_name_with_a_line_break_is_refused(session, composer, make_message, cast, name):
    cast.thi.full_name = name

    with pytest.raises(InvalidInputError):
        composer.compose(session, make_message())


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\r\nRCPT TO:<b@example.org>",
        "a b@example.org",
        "<a@example.org>",
        "a@",
        "",
        "ạ@example.org",
    ],
)
def test_an_address_that_is_none_is_refused(session, composer, make_message, address):
    with pytest.raises(InvalidInputError):
        composer.compose(session, make_message(rcpt_to=address))
    with pytest.raises(InvalidInputError):
        replace(composer, sender=address or "nobody")


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "https://x.example\r\nBcc: y"])
def test_a_link_that_is_none_is_refused(session, composer, make_message, url):
    with pytest.raises(InvalidInputError):
        composer.compose(session, make_message(params={"url": url}))


def test_what_people_wrote_is_not_markup(session, composer, make_item, write):
    make_item('<script>alert("x")</script>')

    html = (
        message_from_bytes(composer.compose(session, write()), policy=policy.default)
        .get_body(("html",))
        .get_content()
    )

    assert "<script" not in html
    assert "&lt;script&gt;" in html


syllables = st.text(
    "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵĐÂƠ",
    min_size=1,
    max_size=7,
)
sentences_of_people = st.lists(
    syllables | st.sampled_from(["20/3", "(2021)", "–", "=?", "95%", ",", '"', "<x>"]),
    min_size=1,
    max_size=40,
)


@drawn(60)
@given(sentences_of_people, sentences_of_people)
def test_every_vietnamese_subject_and_name_comes_back_as_it_was(
    session, composer, make_message, make_item, cast, subject, name
):
    message = Message(
        kind=MessageKind.REMINDER,
        language="vi",
        rcpt_to="thi@example.org",
        date=DAY_BEFORE,
        message_id="<x@sumvay>",
        params={},
    )
    subject, name = " ".join(subject), " ".join(name)

    headers = composer._headers(message, name, subject, Office())

    written = dict(line.removesuffix("\r\n").split(": ", 1) for line in headers)
    assert all(len(line) <= 78 for value in written.values() for line in value.splitlines())
    unfolded = {key: value.replace("\r\n", "") for key, value in written.items()}
    assert encoded_words(unfolded["Subject"]) == subject
    assert encoded_words(unfolded["To"]) == f"{name} <thi@example.org>"


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _colours(css):
    """Return the colours of each selector as (text, ground)."""
    rules = {
        name: rule for name, rule in re.findall(r"([.\w]+) \{([^}]*)\}", css) if "color:" in rule
    }
    found = {
        name: (
            re.search(r"(?<![-\w])color: (#\w{6})", rule),
            re.search(r"background-color: (#\w{6})", rule),
        )
        for name, rule in rules.items()
    }
    return {name: tuple(match and match[1] for match in pair) for name, pair in found.items()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(scheme):
    css = (Path(__file__).parents[3] / "notifications/letters/templates/layout.html").read_text()
    light, _, dark = css.partition("@media (prefers-color-scheme: dark) {")
    colours = _colours(dark if scheme == "dark" else light)
    grounds = [colours[name][1] for name in ("body", ".card", ".zalo")]

    pairs = [
        (text, ground)
        for name in ("body", ".card", "a", ".late", ".soon", ".quiet", ".plain")
        for text in [colours[name][0]]
        for ground in grounds
    ]
    assert all(_contrast(text, ground) >= 4.5 for text, ground in [*pairs, colours[".button"]])


def test_the_dark_colours_survive_inlining(session, composer, make_item, write):
    make_item()

    html = (
        message_from_bytes(composer.compose(session, write()), policy=policy.default)
        .get_body(("html",))
        .get_content()
    )

    assert "@media (prefers-color-scheme: dark)" in html
    assert re.search(r'<a class="button" [^>]*background-color: #17498a', html)
