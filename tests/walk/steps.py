"""How each form of the service is sent once: the page that it stands on, what is typed, and what
must have been done before.

``STEPS`` has every address that takes a form; one that is missing fails the walk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

LAST = "the last choice"
_DONE = frozenset({302, 303})
_ANY = frozenset({200, 204, 302, 303, 400, 401, 403, 404, 409, 410, 422})


@dataclass(frozen=True)
class Step:
    """One form and how it is sent.

    ``page`` is an address, or the name of a step whose answer has the form; with None the values
    are sent to ``address`` as they stand. ``having`` are fields by which the form is told from
    others of its address, ``which`` is taken of several. ``later``: in 2027, after a reform. Of a
    list or boxes ``LAST`` is the last choice.
    """

    page: str | None
    form: Mapping[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    place: str = "commune"
    who: str = "administrator"
    having: frozenset[str] = frozenset()
    which: int = 0
    later: bool = False
    status: frozenset[int] = _DONE
    address: str = ""
    endpoint: str = ""


_DAY = "/ngay-ky-niem/ngay-quoc-te-hanh-phuc"
_OWN_DAY = "/ngay-ky-niem/ngay-rieng"
_ITEM = "/viec/{item_id}"
_FROM_MAIL = "/qua-thu/{mail_token}"
_PAPERS = "/chien-dich/{uid}/van-ban"
_PDF = b"%PDF-1.4\n%%EOF\n"
_CALENDAR = (Path(__file__).parents[1] / "data" / "calendars" / "good.ics").read_bytes()
_LATER = "2021-03-25"


def _step(page: str | None, /, *after: str, **more: Any) -> Step:
    """Return a step; what is not a property of it is typed into its form, ``_`` for ``-``."""
    of_step = {name: more.pop(name) for name in list(more) if name in _PROPERTIES}
    return Step(page, more, after, **of_step)


_PROPERTIES = {"place", "who", "having", "which", "later", "status", "address"}


def _unlike(*endpoints: str) -> dict[str, Step]:
    """Return steps that are sent without anything: who comes in, and how, and what is mailed,
    stands in tables that no calendar shows.
    """
    return {name: Step(None, {}, status=_ANY, who="la") for name in endpoints}


def _export(province: Any) -> str:
    """Return a template as its page gives it to another province."""
    return str(province.who["administrator"].read("/mau/happiness_day.toml").replace("\n", "\r\n"))


_ALL: dict[str, Step] = {
    # activities
    "activities.add": _step(
        "/chien-dich/{uid}/hoat-dong/moi",
        summary="Hội thi nấu ăn",
        day=_LATER,
        **{"from": "08:00", "until": "10:00"},
        location="Sân xã",
        public="on",
    ),
    "activities.cancel": _step("/hoat-dong/{launch}"),
    "activities.cancel every week": _step("/hoat-dong/{weekly}"),
    "activities.restore": _step("/hoat-dong/{launch}", "activities.cancel"),
    "activities.change": _step("/hoat-dong/{launch}/sua", location="Nhà văn hóa, tầng 2"),
    "activities.change whole days": _step(
        "/hoat-dong/{launch}/sua",
        day=_LATER,
        until_day="2021-03-27",
        **{"from": "00:00", "until": "00:00"},
    ),
    "activities.change_time call off": _step(
        "/hoat-dong/{weekly}/buoi", having=frozenset({"call_off"}), call_off="1"
    ),
    "activities.change_time": _step(
        "/hoat-dong/{weekly}/buoi", having=frozenset({"to"}), to="2021-03-12"
    ),
    "activities.credit": _step("/hoat-dong/{launch}", campaign=LAST),
    # items
    "items.start": _step(_ITEM),
    "items.block": _step(_ITEM, note="Chờ kinh phí; chưa cấp"),
    "items.complete": _step(
        _ITEM, **{"doc_ref-text": "Kế hoạch 12/KH-UBND", "doc_ref-dated": "2021-02-26"}
    ),
    "items.reopen": _step(_ITEM, "items.complete"),
    "items.undo": _step(_ITEM, "items.start"),
    "items.correct_day": _step(_ITEM, "items.complete", done_on="2021-02-26"),
    "items.decline": _step(_ITEM, reason="Không đủ người"),
    "items.excuse": _step(_ITEM, reason="Xã không có thôn"),
    "items.give": Step(
        None,
        {"file-file": lambda _province: (BytesIO(_PDF), "danh-sach.pdf")},
        address=_ITEM + "/minh-chung",
        who="thi",
    ),
    "items.take_away": _step(_ITEM),
    "items.erase": _step(_ITEM, "items.give", which=-1, who="hoa"),
    # from the mail, without signing in
    "mail_links.complete": Step(
        None,
        {"doc_ref-text": "Kế hoạch 12/KH-UBND", "doc_ref-dated": "2021-02-26"},
        address=_FROM_MAIL + "/xong",
        who="la",
    ),
    "mail_links.hold_up": Step(
        None, {"note": "Chờ kinh phí"}, address=_FROM_MAIL + "/vuong", who="la"
    ),
    "mail_links.undo": _step(_FROM_MAIL, "mail_links.hold_up", who="la"),
    "choices.switch_item_off": Step(None, {}, address="/viec/{optional}/bo-chon"),
    "choices.switch_item_on": Step(
        None, {}, ("choices.switch_item_off",), address="/viec/{optional}/chon"
    ),
    "choices.credit": _step("/viec/{item_id}/tuy-chon", campaign=LAST),
    "choices.delegate": _step("/viec/{item_id}/tuy-chon", place="province"),
    "choices.split": _step("/viec/{item_id}/tuy-chon", place="province", unit=LAST),
    "choices.take_back": _step("/viec/{item_id}/tuy-chon", "choices.split", place="province"),
    "editing.save": _step("/viec/{item_id}/sua", summary="Việc viết lại, rõ hơn", due="2021-03-18"),
    "editing.follow": _step("/viec/{item_id}/sua", "editing.save"),
    "own_items.add": _step("/chien-dich/{uid}/viec-rieng", summary="In băng rôn", due="2021-03-15"),
    # papers
    "documents.add": _step(
        _PAPERS,
        kind="plan",
        abstract="Kế hoạch tổ chức",
        number="15/KH-UBND",
        file=lambda _province: (BytesIO(_PDF), "ke-hoach.pdf"),
    ),
    "documents.correct": _step(
        _PAPERS + "/{document}/sua", abstract="Kế hoạch, bản sửa", number="16/KH-UBND"
    ),
    "documents.issue": _step(_PAPERS, on="2021-03-01"),
    "documents.publish": _step(_PAPERS),
    "documents.supersede": _step(_PAPERS, "documents.issue", "documents.add", older=LAST),
    "documents.erase": _step(_PAPERS, "documents.add"),
    "documents.choose_theme": _step(_PAPERS, theme="Yêu thương và chia sẻ"),
    # rounds
    "cancelling.cancel": _step("/chien-dich/{uid}/huy", place="province", reason="Dịch bệnh"),
    "cancelling.reopen": Step(
        None, {}, ("cancelling.cancel",), place="province", address="/chien-dich/{uid}/huy/mo-lai"
    ),
    "reanchor.move": _step("/chien-dich/{uid}/doi-ngay?event_date=2021-03-19", place="province"),
    "reanchor.apply_version": _step(
        "/chien-dich/{uid}/phien-ban?so=2", "templates.save happiness", place="province"
    ),
    "ahead.open_year": _step("/ngay/ngay-quoc-te-hanh-phuc"),
    "opening.switch": _step("/ngay-ky-niem/", state="off"),
    "opening.open_kind": _step(
        "/ngay-ky-niem/loai/training_course/mo", day="2021-04-10", title="Tập huấn quý II"
    ),
    # days of the year
    "keeping.switch": _step("/ngay-ky-niem/", state="off"),
    "keeping.switch on again": _step("/ngay-ky-niem/", "keeping.switch", state="on"),
    "keeping.announce": _step(_DAY + "/sua", year="2021", theme="Gia đình là mái ấm"),
    "keeping.announce next year": _step(
        _OWN_DAY + "/sua?nam=2022", "own_observances.add", year="2022", theme="Chủ đề năm tới"
    ),
    "keeping.withdraw": Step(
        None, {"year": "2022"}, ("keeping.announce next year",), address=_OWN_DAY + "/chu-de/bo"
    ),
    "keeping.number": _step(_DAY + "/sua", base_year="2012"),
    "keeping.keep_basis": _step(
        _DAY + "/sua", kind="Công văn", number="12/CV", title="Về việc tổ chức", from_year="2020"
    ),
    "keeping.drop_basis": _step(_DAY + "/sua", "keeping.keep_basis", number=LAST),
    "keeping.give_checklist": _step(_OWN_DAY + "/sua", "own_observances.add"),
    "own_observances.add": _step(
        "/ngay-ky-niem/moi",
        title_vi="Ngày riêng",
        title_en="Our day",
        kind=LAST,
        day="9",
        month="4",
    ),
    "own_observances.correct": _step(
        _OWN_DAY + "/thong-tin", "own_observances.add", title_vi="Ngày riêng của tỉnh"
    ),
    "letters.preview": _step(
        _DAY + "/sua",
        text="Chủ đề Ngày Quốc tế Hạnh phúc 20/3 năm 2021: “Hạnh phúc cho mọi người”",
        status=frozenset({200}),
    ),
    "letters.store": _step("letters.preview"),
    "decisions.preview": _step(
        "/lich-lam-viec/",
        year="2021",
        source="Thông báo số 5",
        more_first="2021-03-05",
        more_last="2021-03-05",
        text="",
        status=frozenset({200}),
    ),
    "decisions.apply": _step("decisions.preview"),
    "decisions.holiday": _step("/lich-lam-viec/", having=frozenset({"status"})),
    "start_line.apply": _step("/quan-tri/ngay-bat-dau-theo-doi?ngay=2021-03-01"),
    "start_line.undo": _step("/quan-tri/ngay-bat-dau-theo-doi", "start_line.apply"),
    # units
    "reforms.change": _step(
        "/cai-cach/moi/sap-nhap",
        unit=["23356-2025", "23365-2025"],
        name="Xã Đăk Mới",
        on="2027-03-01",
        lam="xem",
        later=True,
    ),
    "reforms.change later": _step(
        "/cai-cach/moi/doi-ten",
        unit="23356-2025",
        name="Xã Đăk Mới",
        on="2027-07-01",
        lam="xem",
        later=True,
    ),
    "reforms.change rename": _step(
        "/cai-cach/moi/doi-ten",
        unit="23356-2025",
        name="Xã Đăk Mới",
        on="2027-03-01",
        lam="xem",
        later=True,
    ),
    "reforms.hand_over": Step(
        None, {}, ("reforms.change",), address="/cai-cach/ban-giao", later=True
    ),
    "reforms.taking_back": _step("/cai-cach/1/rut-lai", "reforms.change later", later=True),
    "villages.add": _step("/don-vi/{slug}/thon", name="Đăk Ven"),
    "villages.correct": _step("/don-vi/{slug}/thon", name="Đăk Ra Mới"),
    "villages.end": _step("/don-vi/{slug}/thon"),
    # people
    "people.add": _step(
        "/don-vi/{slug}/nhan-su", full_name="Trần Văn Mới", role="ubnd_xa", email="moi@example.org"
    ),
    "people.correct": _step("/don-vi/{slug}/nhan-su/{post_id}/sua", full_name="Tên Mới"),
    "people.end": _step("/don-vi/{slug}/nhan-su"),
    "people.end holder": Step(
        None, {}, address="/don-vi/{slug}/nhan-su/{post_id}/ket-thuc", who="administrator"
    ),
    "persons.erase_person": _step("/quan-tri/nguoi/{person_id}", "people.end holder", sure=LAST),
    "persons.sign_out": _step("/quan-tri/nguoi/{person_id}"),
    "persons.take_along": _step("/quan-tri/nguoi/{person_id}", status=frozenset({200})),
    "proposals.decide": _step("/cai-cach/", confirm="on"),
    "people.add offered": _step(
        "/don-vi/{slug}/nhan-su",
        full_name="Tên",
        email="khanh@example.org",
        role="cc_vhxh",
        phone="0905 000 000",
        who="thi",
    ),
    "offers.decide": _step("/tai-khoan/chuc-danh", "people.add offered", who="khanh", accept=LAST),
    "roles.add": _step("/chuc-danh/", title_vi="Chủ tịch", duty="leader", level="commune"),
    "roles.call": _step("/chuc-danh/", title_vi="Cơ quan phụ trách"),
    "roles.end": _step("/chuc-danh/", last_day="2021-03-01"),
    # templates
    "templates.save": _step("/mau/report_year/sua", version_note="Sửa"),
    "templates.save happiness": _step(
        "/mau/happiness_day/sua", version_note="Sửa", **{"0.title_vi": "Ban hành kế hoạch mới"}
    ),
    "templates.set_lead_times": _step("/mau/report_year", title_vi="Báo cáo cả năm"),
    "templates.take_in": _step("/mau/nhap", text=lambda province: _export(province)),
    "templates.take_proposals": _step(None, address="/mau/report_year/de-xuat", status=_ANY),
    # calendars
    "desk.make": _step("/dang-ky-lich", name="Điện thoại", status=frozenset({200})),
    "desk.change": _step("/dang-ky-lich/{own}", who="thi", name="Máy bàn", language="en"),
    "desk.rotate": _step("/dang-ky-lich/{own}/dia-chi", who="thi", status=frozenset({200})),
    "desk.revoke": _step("/dang-ky-lich/{own}/dia-chi", who="thi"),
    "imported.add": _step(
        "/don-vi/{slug}/lich-khac", name="Lịch bộ", url="https://example.org/a.ics"
    ),
    "imported.ask_again": _step("/don-vi/{slug}/lich-khac", "imported.add"),
    "imported.remove": _step("/don-vi/{slug}/lich-khac"),
    "imported.replace": _step(
        "/don-vi/{slug}/lich-khac", file=lambda _province: (BytesIO(_CALENDAR), "lich.ics")
    ),
    # the rest
    "first_run.answer": _step("/bat-dau/", status=_ANY),
    "suppressed.take_off": _step(None, address="/thu/dia-chi-tam-ngung", status=_ANY),
    "my_data.take_along": _step("/tai-khoan/du-lieu", status=frozenset({200})),
    "language.switch": _step("/", language="en"),
    "my_mail.change": _step("/tai-khoan/thu", who="thi"),
    "reminders.change": _step(None, address="/don-vi/{slug}/nhac-viec", status=_ANY),
    **_unlike(
        "announcing.add",
        "announcing.change",
        "announcing.send_it",
        "announcing.stop",
        "announcing.try_out",
        "by_mail.ask",
        "by_mail.choose",
        "by_mail.confirm",
        "by_mail.leave",
        "outbox.cancel",
        "outbox.decide_held",
        "outbox.send_again",
        "accounts.ask_for_passkey",
        "accounts.choose_password",
        "accounts.give_code",
        "accounts.send_link",
        "accounts.send_password_link",
        "accounts.sign_in_by_link",
        "accounts.sign_in_by_passkey",
        "accounts.sign_in_by_password",
        "accounts.sign_out",
        "my_account.change_password",
        "my_account.end_all_devices",
        "my_account.end_device",
        "second_factor.add_codes",
        "second_factor.add_passkey",
        "second_factor.ask_for_passkey",
        "second_factor.remove_codes",
        "second_factor.remove_passkey",
        "setup.make_first_account",
    ),
}
STEPS: dict[str, Step] = {
    name: replace(step, endpoint=name.partition(" ")[0]) for name, step in _ALL.items()
}
