from web.accounts.models import account_of

GOOD = "bốn từ rất dễ nhớ"


def test_a_password_is_chosen_then_changed_only_with_the_present_one(signed_in, cast, session):
    visitor = signed_in(cast.thi)

    assert visitor.post("/tai-khoan", password=GOOD, again=GOOD).status_code == 303
    refused = visitor.post("/tai-khoan", current="sai", password=GOOD + "!", again=GOOD + "!")
    assert refused.status_code == 422
    assert "Mật khẩu hiện tại chưa đúng" in refused.text
    assert (
        visitor.post("/tai-khoan", current=GOOD, password=GOOD + "!", again=GOOD + "!").status_code
        == 303
    )


def test_a_new_password_signs_out_every_other_browser(signed_in, cast, session):
    here, elsewhere = signed_in(cast.thi), signed_in(cast.thi)

    here.post("/tai-khoan", password=GOOD, again=GOOD)

    assert "Đăng xuất" in here.read("/don-vi/")
    assert "Đăng xuất" not in elsewhere.read("/don-vi/")


def test_a_weak_password_is_refused(signed_in, cast, session):
    visitor = signed_in(cast.thi)

    assert visitor.post("/tai-khoan", password="ngắn", again="ngắn").status_code == 422
    assert (
        visitor.post("/tai-khoan", password="aaaaaaaaaaaaaa", again="aaaaaaaaaaaaaa").status_code
        == 422
    )
    assert account_of(session, cast.thi).password is None


def test_a_stranger_has_no_password_to_change(stranger, cast, session):
    session.commit()

    assert stranger.get("/tai-khoan").location.startswith("/dang-nhap")
