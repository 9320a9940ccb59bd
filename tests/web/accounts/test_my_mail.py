"""When somebody gets their mail, as they wish it."""

from datetime import date, time

from notifications.notices.wishes import Wishes, wishes_by

PAGE = "/tai-khoan/thu"
LEAVE = {"away_from": "2021-03-15", "away_to": "2021-03-19"}


def test_somebody_says_when_they_want_mail(signed_in, cast, session):
    visitor = signed_in(cast.thi)

    assert visitor.post(PAGE, hour="9h", paused_until="", **LEAVE).status_code == 303

    wanted = Wishes(time(9), None, date(2021, 3, 15), date(2021, 3, 19))
    assert wishes_by(session, cast.thi) == wanted
    assert 'value="09:00"' in visitor.read(PAGE)
    assert "/tai-khoan/thu" in visitor.read("/tai-khoan")


def test_what_cannot_be_is_said_and_what_was_typed_stays(signed_in, cast, session):
    visitor = signed_in(cast.thi)

    refused = visitor.post(PAGE, hour="", paused_until="", away_from="2021-03-15", away_to="")

    assert refused.status_code == 400
    assert 'value="2021-03-15"' in refused.text
    assert wishes_by(session, cast.thi) == Wishes()


def test_a_stranger_is_asked_to_sign_in(stranger):
    assert stranger.get(PAGE).status_code in (302, 303)
