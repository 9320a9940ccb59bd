import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from io import BytesIO

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import ChecklistItem, Level, Person, Template
from events.templates import editing
from events.templates.entries import MOST_ITEMS
from tests.conftest import Cast, tick_off
from tests.web.conftest import NOON, Clock, Opened, Visitor

EDIT = "/mau/happiness_day/sua"


@pytest.fixture
def administrator(signed_in: Callable[[Person], Visitor], cast: Cast, session: Session) -> Visitor:
    cast.hoa.is_administrator = True
    return signed_in(cast.hoa)


def fields(page: str) -> dict[str, list[str]]:
    """Return what a browser would send for the form of the page, unchanged."""
    found: dict[str, list[str]] = {}
    form = page[page.index('<form class="sheet"') :]
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found.setdefault(name[1], []).append(unescape(value[1]) if value else "on")
    for name, options in re.findall(r'<select [^>]*name="([^"]*)">(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = [chosen[1] if chosen else re.findall(r'value="([^"]*)"', options)[0]]
    return found


def send(visitor: Visitor, path: str, data: dict):
    return visitor.client.post(
        path,
        data=data,
        base_url="https://lich.example.org",
        headers={"Referer": "https://lich.example.org/"},
    )


def template_of(session: Session, key: str = "happiness_day") -> Template:
    session.expire_all()
    return editing.get_template(session, key)


def number_of(form: dict[str, list[str]], key: str) -> str:
    return next(
        name.partition(".")[0]
        for name, value in form.items()
        if name.endswith(".key") and value == [key]
    )


def test_who_is_signed_in_sees_templates_and_only_who_steers_at_the_top_changes_them(
    stranger: Visitor, signed_in: Callable[[Person], Visitor], cast: Cast
):
    thi = signed_in(cast.thi)
    assert "Ngày Quốc tế Hạnh phúc" in thi.read("/mau/")
    assert EDIT not in thi.read("/mau/happiness_day")
    assert EDIT in signed_in(cast.hoa).read("/mau/happiness_day")
    assert stranger.get("/mau/").location.startswith("/dang-nhap")
    assert stranger.get(EDIT).location.startswith("/dang-nhap")
    for path in (EDIT, "/mau/nhap", "/mau/happiness_day/de-xuat"):
        thi.read(path, 403)
        assert thi.post(path).status_code == 403
    thi.read("/mau/khong-co", 404)


def test_sending_the_form_unchanged_makes_no_version(administrator: Visitor, session: Session):
    response = send(administrator, EDIT, fields(administrator.read(EDIT)))

    assert response.status_code == 303
    assert "Không có gì thay đổi" in administrator.read(response.location)
    assert template_of(session).current.number == 1


def test_a_changed_item_makes_a_new_version_with_its_note(administrator: Visitor, session: Session):
    form = fields(administrator.read(EDIT))
    number = number_of(form, "plan_commune")
    changed = {
        f"{number}.offset_days": ["-10"],
        f"{number}.days.village": ["-8"],
        "version_note": ["Theo góp ý"],
    }

    assert send(administrator, EDIT, form | changed).status_code == 303

    item = next(item for item in template_of(session).current.items if item.key == "plan_commune")
    assert (item.offset_days, item.level_offsets, item.version.note) == (
        -10,
        {"village": -8},
        "Theo góp ý",
    )
    assert "Theo góp ý" in administrator.read("/mau/happiness_day")


def test_the_end_of_work_over_a_period_may_differ_by_level(
    administrator: Visitor, session: Session
):
    form = fields(administrator.read(EDIT))
    number = number_of(form, "banners")

    assert send(administrator, EDIT, form | {f"{number}.end.commune": ["5"]}).status_code == 303
    refused = send(administrator, EDIT, form | {f"{number}.end.commune": ["-40"]})

    item = next(item for item in template_of(session).current.items if item.key == "banners")
    assert (item.end_at("district"), item.end_at("commune")) == (2, 5)
    assert "Cấp xã: từ 10 ngày trước đến 5 ngày sau" in administrator.read("/mau/happiness_day")
    assert refused.status_code == 400


def test_how_early_it_opens_and_how_long_a_late_plan_leaves_is_chosen(
    administrator: Visitor, session: Session
):
    page = "/mau/happiness_day"
    assert 'value="75"' in administrator.read(page)

    administrator.post(f"{page}/thoi-gian", ahead="90", late="10")

    template = template_of(session)
    assert (template.generate_ahead_days, template.late_plan_workdays) == (90, 10)
    administrator.post(f"{page}/thoi-gian", ahead="9000", late="10")
    assert "Tối đa" in administrator.read(page)
    administrator.post(f"{page}/thoi-gian", ahead="mai", late="10")
    session.expire_all()
    assert template_of(session).generate_ahead_days == 90


def test_within_how_long_what_is_done_is_to_be_recorded_is_chosen(
    administrator: Visitor, session: Session
):
    page = "/mau/happiness_day"
    lead_times = {"ahead": "75", "late": "7"}
    assert template_of(session).record_within_workdays == 15

    administrator.post(f"{page}/thoi-gian", **lead_times, within="0")
    session.expire_all()
    assert template_of(session).record_within_workdays == 0
    administrator.post(f"{page}/thoi-gian", **lead_times)
    administrator.post(f"{page}/thoi-gian", **lead_times, within="261")

    session.expire_all()
    assert template_of(session).record_within_workdays == 0


def test_items_are_added_and_removed(administrator: Visitor, session: Session):
    form = fields(administrator.read(EDIT))
    more = fields(send(administrator, EDIT, form | {"add": ["1"]}).text)
    new = str(len(template_of(session).current.items))
    more |= {
        f"{new}.title_vi": ["Việc mới"],
        f"{new}.title_en": ["New"],
        f"{new}.key": ["extra"],
        f"{new}.offset_days": ["-3"],
    }
    more |= {
        f"{new}.levels": ["commune"],
        f"{new}.role": ["ubnd_xa"],
        f"{number_of(form, 'loudspeaker')}.remove": ["on"],
    }

    assert send(administrator, EDIT, more).status_code == 303

    keys = {item.key for item in template_of(session).current.items}
    assert "extra" in keys
    assert "loudspeaker" not in keys


@pytest.mark.parametrize(
    ("field", "value"),
    [("weight", "9"), ("offset_days", "x"), ("role", "nobody"), ("depends_on", "nothing")],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(
    administrator: Visitor, session: Session, field: str, value: str
):
    form = fields(administrator.read(EDIT))
    number = number_of(form, "plan_commune")

    response = send(
        administrator,
        EDIT,
        form | {f"{number}.{field}": [value], "version_note": ["Ghi chú giữ lại"]},
    )

    assert response.status_code == 400
    assert 'role="alert"' in response.text
    assert f'name="{number}.{field}" ' in response.text
    assert f'value="{value}"' in response.text
    assert 'value="Ghi chú giữ lại"' in response.text
    assert template_of(session).current.number == 1


def test_two_people_who_edit_a_template_at_once_undo_nothing_unasked(
    administrator: Visitor, session: Session
):
    first, second = fields(administrator.read(EDIT)), fields(administrator.read(EDIT))
    send(administrator, EDIT, first | {"0.title_vi": ["Tên của người thứ nhất"]})

    refused = send(administrator, EDIT, second | {"1.title_vi": ["Tên của người thứ hai"]})

    assert refused.status_code == 409
    assert (
        "Tên của người thứ nhất" in re.findall(r'role="alert"[^>]*>\s*<p>([^<]*)<', refused.text)[0]
    )
    assert 'value="Tên của người thứ hai"' in refused.text
    assert template_of(session).current.number == 2
    assert send(administrator, EDIT, fields(refused.text)).status_code == 303  # knowingly
    assert template_of(session).current.items[1].title_vi == "Tên của người thứ hai"


def test_a_template_of_very_many_items_is_saved_whole_or_refused(
    administrator: Visitor, session: Session, cast: Cast
):
    template = template_of(session)
    entries = [editing.item_entry(item) for item in template.current.items]
    long = "Việc có tên rất dài, viết đủ cả cơ quan chủ trì, cơ quan phối hợp và thời gian thực hiện trong từng tháng"
    more = [
        entries[-1].model_copy(update={"key": f"k{n}", "title_vi": long})
        for n in range(MOST_ITEMS - len(entries))
    ]
    editing.edit_template(session, template, [*entries, *more], by=cast.hoa, now=NOON)
    session.commit()
    form = fields(administrator.read(EDIT))

    assert send(administrator, EDIT, form | {"0.title_vi": ["Khác"]}).status_code == 303
    assert len(template_of(session).current.items) == MOST_ITEMS
    extra = {
        name.replace("0.", f"{MOST_ITEMS}.", 1): value
        for name, value in form.items()
        if name.startswith("0.")
    }
    refused = send(
        administrator,
        EDIT,
        fields(administrator.read(EDIT)) | extra | {f"{MOST_ITEMS}.key": ["extra"]},
    )
    assert refused.status_code == 400
    assert str(MOST_ITEMS) in re.findall(r'role="alert"[^>]*>\s*<p>([^<]*)<', refused.text)[0]
    assert f'name="{MOST_ITEMS}.key"' in refused.text


def test_items_change_places(administrator: Visitor, session: Session):
    form = fields(administrator.read(EDIT))
    before = [item.key for item in template_of(session).current.items]

    send(administrator, EDIT, form | {"4.position": ["2"], "0.position": ["3"]})

    after = [item.key for item in template_of(session).current.items]
    assert after == [before[4], before[1], before[2], before[0], before[3], *before[5:]]


def test_the_key_of_an_item_that_is_there_is_not_edited(administrator: Visitor):
    page = send(administrator, EDIT, fields(administrator.read(EDIT)) | {"add": ["1"]}).text

    assert re.search(r'name="0\.key"[^>]* readonly', page)
    assert not re.search(r'name="18\.key"[^>]* readonly', page)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("weight", "9", "“Trọng số” nhiều nhất là 5"),
        ("offset_days", "", "Chưa nhập “Số ngày trước"),
        ("title_vi", "", "Chưa nhập “Tên tiếng Việt”"),
        ("role", "nobody", "không có vai trò “nobody”"),
    ],
)
def test_what_is_wrong_names_item_and_field_as_the_form_does(
    administrator: Visitor, field: str, value: str, words: str
):
    response = send(administrator, EDIT, fields(administrator.read(EDIT)) | {f"7.{field}": [value]})

    said = unescape(re.findall(r'role="alert"[^>]*>\s*<p>([^<]*)<', response.text)[0])
    assert words in said
    assert field not in said
    assert ": " in said


def test_who_takes_the_items_of_a_level_that_may_be_missing_is_chosen(
    administrator: Visitor, session: Session
):
    page = administrator.read(EDIT)
    label = re.search(r'<label for="f0-if_no_level">([^<]*)</label><select.*?</select>', page, re.S)
    assert label[1] == "Khi không có cấp huyện thì giao cho"
    options = re.findall(r'<option value="(\w+)"[^>]*>([^<]*)<', label[0])
    assert options == [("drop", "không đơn vị nào"), ("commune", "các xã"), ("province", "tỉnh")]

    send(administrator, EDIT, fields(page) | {"0.if_no_level": ["province"]})

    assert template_of(session).current.items[0].if_no_level == "province"


def test_a_province_whose_levels_are_all_there_is_asked_for_no_stand_in(
    administrator: Visitor, session: Session
):
    session.get_one(Level, "district").is_optional = False
    session.flush()
    form = fields(administrator.read(EDIT))
    assert "0.if_no_level" not in form

    assert send(administrator, EDIT, form | {"0.weight": ["2"]}).status_code == 303

    assert {item.if_no_level for item in template_of(session).current.items} == {"drop"}


def test_an_item_in_which_a_unit_issues_its_plan_is_ticked(
    administrator: Visitor, session: Session
):
    form = fields(administrator.read(EDIT))
    plans = {name for name in form if name.endswith(".is_plan")}
    letter, plan = (number_of(form, key) for key in ("letter_province", "plan_province"))
    assert f"{plan}.is_plan" in plans
    assert f"{letter}.is_plan" not in plans

    del form[f"{plan}.is_plan"]
    send(administrator, EDIT, form | {f"{letter}.is_plan": ["on"]})

    kept = {item.key for item in template_of(session).current.items if item.is_plan}
    assert ("letter_province" in kept, "plan_province" in kept) == (True, False)


def test_a_template_is_downloaded_and_taken_in_again(
    administrator: Visitor, leader: Visitor, session: Session
):
    text = leader.read("/mau/happiness_day.toml")
    token = fields(administrator.read("/mau/nhap"))["csrf_token"]
    file = (BytesIO(text.replace("offset_days = -13", "offset_days = -12", 1).encode()), "mau.toml")

    assert send(administrator, "/mau/nhap", {"csrf_token": token, "file": file}).status_code == 303
    assert template_of(session).current.number == 2
    assert "Nhập từ tệp" in administrator.read("/mau/happiness_day")
    broken = administrator.post("/mau/nhap", text="x = 1\ny = [")
    assert (broken.status_code, "không đọc được dòng 2" in broken.text) == (400, True)
    taken = administrator.post(
        "/mau/nhap", text=text.replace('key = "happiness_day"', 'key = "another"', 1)
    )
    assert (taken.status_code, "đã có mẫu" in taken.text) == (400, True)
    old_code = {"csrf_token": token, "file": (BytesIO(text.encode("utf-16")), "mau.toml")}
    assert "UTF-8" in send(administrator, "/mau/nhap", old_code).text
    wrong = administrator.post(
        "/mau/nhap", text=text.replace('\nrole = "so_vhttdl"', '\nrole = "khong_co"', 1)
    )
    assert re.search(r'role="alert"[^>]*>\s*<p>[^<]+: không có vai trò “khong_co”', wrong.text)


def test_a_template_is_renamed(administrator: Visitor, session: Session):
    form = {"ahead": "75", "late": "7", "title_vi": "Ngày Hạnh phúc", "title_en": "Happiness"}

    administrator.post("/mau/happiness_day/thoi-gian", **form)
    administrator.post("/mau/happiness_day/thoi-gian", **form | {"title_vi": ""})

    assert template_of(session).title_vi == "Ngày Hạnh phúc"
    assert "Ngày Hạnh phúc" in administrator.read("/mau/")


def test_new_cut_offs_are_typed_as_day_and_month(administrator: Visitor, session: Session):
    path = "/mau/report_half_year"
    form = {"ahead": "45", "late": "7", "period-1-first": "15/12", "period-1-last": "20/6"}
    assert 'name="period-1-last" maxlength="7" required value="14/06"' in administrator.read(path)

    administrator.post(f"{path}/thoi-gian", **form)

    assert "Chiến dịch đã mở giữ nguyên ngày" in administrator.read(path)
    assert [
        (cutoff["first"], cutoff["last"])
        for cutoff in template_of(session, "report_half_year").cutoffs
    ] == [("12-15", "06-20")]
    for wrong in ("31/02", "hôm qua", "6/20", ""):
        administrator.post(f"{path}/thoi-gian", **form | {"period-1-last": wrong})
        assert "vui lòng nhập theo dạng ngày/tháng" in administrator.read(path)
    administrator.post(f"{path}/thoi-gian", **form)
    assert "giữ nguyên ngày" not in administrator.read(path)
    assert template_of(session, "report_half_year").cutoffs[0]["last"] == "06-20"


def test_the_days_of_two_reporting_periods_are_not_exchanged(
    administrator: Visitor, session: Session
):
    path, before = (
        "/mau/communication_quarter",
        template_of(session, "communication_quarter").cutoffs,
    )
    form = {"ahead": "30", "late": "7", "period-1-first": "01/04", "period-1-last": "30/06"}

    administrator.post(f"{path}/thoi-gian", **form)

    assert "vui lòng tạo mẫu với tên ngắn khác" in administrator.read(path)
    assert template_of(session, "communication_quarter").cutoffs == before


def test_every_version_is_read_and_campaigns_say_theirs(
    administrator: Visitor, leader: Visitor, session: Session, opened: Opened
):
    form = fields(administrator.read(EDIT))
    old = form["0.title_vi"][0]
    send(administrator, EDIT, form | {"0.title_vi": ["Việc đã đổi tên"]})

    assert old in unescape(leader.read("/mau/happiness_day/phien-ban/1"))
    assert "Việc đã đổi tên" in leader.read("/mau/happiness_day/phien-ban/2")
    leader.read("/mau/happiness_day/phien-ban/3", 404)
    page = leader.read(f"/chien-dich/{opened.commune.uid}")
    assert 'href="/mau/happiness_day/phien-ban/1"' in page
    assert "phiên bản 1" in page


def test_last_years_lateness_is_proposed_and_taken_over_once(
    administrator: Visitor, session: Session, opened: Opened, cast: Cast, clock: Clock
):
    plans = session.scalars(select(ChecklistItem).where(ChecklistItem.key == "plan_commune")).all()
    for item in plans:
        tick_off(item, cast.hoa, NOON, item.due + timedelta(days=4))
    session.commit()
    clock.advance(timedelta(days=60))

    page = administrator.read("/mau/happiness_day/de-xuat?nam=2021")
    assert re.search(r"trước (.+) 13 ngày → trước \1 9 ngày", page)
    assert "102/102 đơn vị" in page
    assert opened.commune.unit.full_name in page
    path, chosen = "/mau/happiness_day/de-xuat", {"nam": "2021", "chosen": "plan_commune@commune"}
    response, again = administrator.post(path, **chosen), administrator.post(path, **chosen)

    assert (response.status_code, again.status_code) == (303, 303)
    assert "Không có gì thay đổi" in administrator.read(again.location)
    template = template_of(session)
    item = next(item for item in template.current.items if item.key == "plan_commune")
    assert (item.level_offsets, template.current.number) == ({"commune": -9}, 2)
    assert "Theo tiến độ năm 2021" in administrator.read("/mau/happiness_day")
    administrator.post("/ngon-ngu", language="en", next="/mau/")
    assert "After the progress of 2021" in administrator.read("/mau/happiness_day")


def test_a_proposal_that_would_overtake_the_report_above_says_so_and_is_not_ticked(
    administrator: Visitor, opened: Opened, cast: Cast, clock, session: Session
):
    for item in session.scalars(
        select(ChecklistItem).where(ChecklistItem.key.in_(["plan_commune", "report_commune"]))
    ):
        tick_off(item, cast.hoa, NOON, item.due + timedelta(days=12))
    session.commit()
    clock.advance(timedelta(days=90))

    page = administrator.read("/mau/happiness_day/de-xuat?nam=2021")

    assert 'value="plan_commune@commune" checked' in page
    assert 'value="report_commune@commune">' in page
    assert (
        "không còn trước “Báo cáo tổng kết cấp tỉnh gửi Bộ và UBND tỉnh” (Cấp tỉnh), sau hoạt động chính 15 ngày"
        in unescape(page)
    )


def test_a_file_with_new_cut_offs_is_stored_and_says_that_open_campaigns_keep_theirs(
    administrator: Visitor,
):
    text = administrator.read("/mau/report_half_year.toml").replace('"06-14"', '"06-20"')

    assert administrator.post("/mau/nhap", text=text).status_code == 303

    assert "Chiến dịch đã mở giữ nguyên ngày" in administrator.read("/mau/report_half_year")
    assert 'last = "06-20"' in administrator.read("/mau/report_half_year.toml")
