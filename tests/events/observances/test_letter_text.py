"""Letters of ministries, as people paste them."""

import textwrap
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.observances.letter_text import ReadLetter, ReadTheme, read_letter

HAPPINESS, FAMILY, VIOLENCE = "intl_happiness_day", "vn_family_day", "dv_action_month"
GENDER, AGAINST_VIOLENCE = "gender_action_month", "intl_day_evaw"
TITLES = {
    HAPPINESS: ["Ngày Quốc tế Hạnh phúc"],
    FAMILY: ["Ngày Gia đình Việt Nam"],
    AGAINST_VIOLENCE: ["Ngày Quốc tế xóa bỏ bạo lực đối với phụ nữ và trẻ em gái"],
    GENDER: [
        "Tháng hành động vì bình đẳng giới và phòng ngừa, ứng phó với bạo lực trên cơ sở giới",
        "Tháng hành động vì bình đẳng giới và phòng, chống bạo lực trên cơ sở giới",
    ],
    VIOLENCE: ["Tháng hành động quốc gia phòng, chống bạo lực gia đình"],
}
WRAPPED_BY_A_PDF = """BỘ VĂN HÓA, THỂ THAO
VÀ DU LỊCH
Số: 757/BVHTTDL-VHCSGĐTV
V/v tổ chức các hoạt động nhân Ngày
Quốc tế Hạnh phúc 20/3 năm 2027
CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
Độc lập - Tự do - Hạnh phúc
Hà Nội, ngày 26 tháng 02 năm 2027
Kính gửi: Ủy ban nhân dân các tỉnh, thành phố
Thực hiện Quyết định số 2589/QĐ-TTg ngày 26 tháng 12 năm 2013 của Thủ tướng Chính phủ
phê duyệt Đề án tổ chức các hoạt động nhân Ngày Quốc tế Hạnh phúc 20 tháng 3 hằng
năm, Bộ đề nghị các địa phương tổ chức các hoạt động với chủ đề “Hạnh
phúc cho mọi nhà”, cụ thể như sau:
1. Thời gian: từ ngày 15/3 đến ngày 20/3/2027.
2. Khẩu hiệu tuyên truyền:
- Nhiệt liệt hưởng ứng Ngày Quốc tế Hạnh phúc 20/3/2027!
- Yêu thương và chia sẻ là nền tảng của một gia đình hạnh phúc, của một xã hội văn

2

minh và tiến bộ.
- “Mỗi nhà một niềm vui”;
3. Tổ chức thực hiện
Đề nghị các địa phương treo băng rôn, khẩu hiệu tại trụ sở.
Nơi nhận:
- Như trên;
- Lưu: VT."""
FOR_TWO = """BỘ VĂN HÓA, THỂ THAO VÀ DU LỊCH CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
Số: 1513/BVHTTDL-VHCSGĐTV Hà Nội, ngày 10 tháng 4 năm 2027
Về Tháng hành động quốc gia về PCBLGĐ và Ngày Gia đình Việt Nam năm 2027
1. Chủ đề và khẩu hiệu
1.1. Ngày Gia đình Việt Nam 28/6
a) Chủ đề: “Gia đình đầm ấm – Xã hội bình yên”
b) Các thông điệp truyền thông
- Một nhà một bếp lửa.
- Ông bà mẫu mực, con cháu thảo hiền.
1.2. Tháng hành động quốc gia về phòng, chống bạo lực gia đình
a) Chủ đề: Không im lặng trước bạo lực.
b) Khẩu hiệu: “Lên tiếng để bảo vệ”; “Yêu thương thay roi vọt”.
2. Hoạt động
- Treo băng rôn."""


def read(text: str, otherwise: str | None = None) -> ReadLetter:
    return read_letter(text, TITLES, otherwise=otherwise)


def test_a_letter_that_a_pdf_broke_into_lines_gives_theme_and_whole_slogans():
    assert read(WRAPPED_BY_A_PDF) == ReadLetter(
        "757/BVHTTDL-VHCSGĐTV",
        date(2027, 2, 26),
        "Bộ Văn hóa, Thể thao và Du lịch",
        2027,
        (
            ReadTheme(
                HAPPINESS,
                "Hạnh phúc cho mọi nhà",
                (
                    "Nhiệt liệt hưởng ứng Ngày Quốc tế Hạnh phúc 20/3/2027!",
                    "Yêu thương và chia sẻ là nền tảng của một gia đình hạnh phúc, "
                    "của một xã hội văn minh và tiến bộ",
                    "Mỗi nhà một niềm vui",
                ),
            ),
        ),
    )


def test_a_letter_for_two_observances_gives_each_its_own():
    found = read(FOR_TWO)

    assert (found.number, found.dated) == ("1513/BVHTTDL-VHCSGĐTV", date(2027, 4, 10))
    assert found.issuer == "Bộ Văn hóa, Thể thao và Du lịch"
    assert found.themes == (
        ReadTheme(
            FAMILY,
            "Gia đình đầm ấm – Xã hội bình yên",
            ("Một nhà một bếp lửa", "Ông bà mẫu mực, con cháu thảo hiền"),
        ),
        ReadTheme(
            VIOLENCE,
            "Không im lặng trước bạo lực",
            ("Lên tiếng để bảo vệ", "Yêu thương thay roi vọt"),
        ),
    )


def test_numbered_slogans_go_on_behind_a_remark_and_end_with_the_next_heading():
    found = read(
        """Ngày 06/8/2019, Bộ ban hành Công văn số 3304 /LĐTBXH-BĐG về Tháng hành động vì bình đẳng
giới và phòng, chống bạo lực trên cơ sở giới năm 2019, theo đó:
I. Chủ đề Tháng hành động năm 2019
“Không còn bạo lực”.
II. Thời gian:
Từ ngày 15/11/2019 đến ngày 15/12/2019
III. Các khẩu hiệu, thông điệp truyền thông:
1. Hưởng ứng Tháng hành động năm 2019.
2. Hưởng ứng ngày quốc tế xóa bỏ bạo lực đối với phụ nữ 25/11/2019.
(Tải tài liệu)
3. Bình đẳng là chìa khóa.
Xem thêm
4. Chủ động phòng ngừa.
IV. Tổ chức thực hiện
1. Các bộ, ngành báo cáo."""
    )

    assert (found.number, found.dated, found.year) == (
        "3304/LĐTBXH-BĐG",
        date(2019, 8, 6),
        2019,
    )
    assert found.themes == (
        ReadTheme(
            GENDER,
            "Không còn bạo lực",
            (
                "Hưởng ứng Tháng hành động năm 2019",
                "Hưởng ứng ngày quốc tế xóa bỏ bạo lực đối với phụ nữ 25/11/2019",
                "Bình đẳng là chìa khóa",
                "Chủ động phòng ngừa",
            ),
        ),
    )


def test_two_themes_in_one_sentence_go_to_the_observances_before_them():
    found = read(
        "Năm 2020, Ngày Gia đình Việt Nam 28/6 diễn ra với chủ đề: “Giữ gìn nếp nhà” còn Tháng "
        "hành động Quốc gia phòng, chống bạo lực gia đình diễn ra với chủ đề là “Trách nhiệm "
        "của các cấp”."
    )

    assert {one.key: one.theme for one in found.themes} == {
        FAMILY: "Giữ gìn nếp nhà",
        VIOLENCE: "Trách nhiệm của các cấp",
    }


def test_one_theme_named_before_two_observances_is_the_theme_of_both():
    found = read(
        """“Gia đình bình an” - đó là chủ đề của Tháng hành động quốc gia phòng, chống bạo lực gia \
đình và Ngày Gia đình Việt Nam 28/6/2022.
Thông điệp truyền thông tháng hành động quốc gia phòng, chống bạo lực gia đình:
  • “Ngăn ngừa bạo lực”
  • “Yêu thương mạnh hơn quát mắng”
Thông điệp truyền thông Kỷ niệm Ngày Gia đình Việt Nam 28/6:
  • “Bữa cơm ấm áp”
Đây là hoạt động ý nghĩa."""
    )

    assert found.themes == (
        ReadTheme(FAMILY, "Gia đình bình an", ("Bữa cơm ấm áp",)),
        ReadTheme(
            VIOLENCE,
            "Gia đình bình an",
            ("Ngăn ngừa bạo lực", "Yêu thương mạnh hơn quát mắng"),
        ),
    )


def test_themes_stand_below_their_heading_also_by_a_short_name():
    found = read(
        """Về Tháng hành động quốc gia về PCBLGĐ và Ngày Gia đình Việt Nam năm 2026
1. Chủ đề:
- Ngày Gia đình Việt Nam: "Nhà là nơi để về"
- Tháng hành động: Không im lặng
2. Khẩu hiệu:
Yêu thương và chia sẻ
Hạnh phúc cho mọi nhà
3. Kinh phí"""
    )

    both = ("Yêu thương và chia sẻ", "Hạnh phúc cho mọi nhà")
    assert found.themes == (
        ReadTheme(FAMILY, "Nhà là nơi để về", both),
        ReadTheme(VIOLENCE, "Không im lặng", both),
    )


def test_an_appendix_alone_gives_its_slogans_and_the_letter_that_it_names():
    found = read(
        """PHỤ LỤC
CÁC KHẨU HIỆU TUYÊN TRUYỀN
THÁNG HÀNH ĐỘNG VÌ BÌNH ĐẲNG GIỚI NĂM 2026
(Kèm theo Công văn số 1234/BNV-CTTN&BĐG ngày 05/10/2026 của Bộ Nội vụ)
1. Hưởng ứng Tháng hành động.
2. Nói không với bạo lực trên cơ sở giới, với mọi hành vi phân biệt đối xử về
giới trong gia đình và ngoài xã hội.
3. Bình đẳng giới."""
    )

    assert (found.number, found.dated) == ("1234/BNV-CTTN&BĐG", date(2026, 10, 5))
    assert [(one.key, one.theme, len(one.slogans)) for one in found.themes] == [(GENDER, None, 3)]
    assert (
        found.themes[0]
        .slogans[1]
        .endswith("phân biệt đối xử về giới trong gia đình và ngoài xã hội")
    )


def test_what_names_no_observance_belongs_to_the_one_that_is_meant():
    text = "Chủ đề: “Chung tay”\nKhẩu hiệu:\n1) Một lời nói\n2) Hai lời nói"

    assert read(text, HAPPINESS).themes == (
        ReadTheme(HAPPINESS, "Chung tay", ("Một lời nói", "Hai lời nói")),
    )
    assert read(text).themes == ()


@pytest.mark.parametrize(
    "text",
    [
        "Đề nghị treo băng rôn, khẩu hiệu trên các tuyến đường nhân Ngày Gia đình Việt Nam.",
        "Tuyên truyền Ngày Gia đình Việt Nam theo các chủ đề phù hợp.",
        "Kính gửi: các Sở",
        "",
    ],
)
def test_prose_that_only_speaks_of_slogans_or_themes_announces_none(text):
    assert read(text).themes == ()


@pytest.mark.parametrize("bullet", ["- ", "+ ", "• ", "* ", "", "{}. ", "{}) ", "{}/ "])
@pytest.mark.parametrize("quotes", ["{}", "“{}”", '"{}"', "«{}»"])
@pytest.mark.parametrize("end", ["", ".", ";", "!"])
def test_slogans_are_read_however_they_are_listed(bullet, quotes, end):
    slogans = ("Yêu thương là chia sẻ", "Gia đình là điểm tựa", "Nói không với bạo lực")
    lines = [
        bullet.format(number) + quotes.format(slogan) + end
        for number, slogan in enumerate(slogans, 1)
    ]

    text = "\n".join(["I. Chủ đề: “Vui”", "II. Khẩu hiệu tuyên truyền:", *lines, "III. Kinh phí"])
    found = read(text, FAMILY)

    said = [slogan.rstrip("!").strip('“”"«»') for slogan in found.themes[0].slogans]
    assert (found.themes[0].theme, tuple(said)) == ("Vui", slogans)


@given(st.text(alphabet='abđ “”"«»-1.2)IV:;\n()chủ đềkhẩuhiệu', max_size=120))
def test_any_text_is_read_without_a_slogan_or_theme_that_is_empty(text):
    for one in read(text, FAMILY).themes:
        assert one.theme is None or one.theme.strip()
        assert all(slogan.strip() == slogan != "" for slogan in one.slogans)


@given(st.integers(40, 110))
def test_however_wide_a_page_is_the_same_letter_is_read(width):
    paragraphs = [
        "Về Ngày Quốc tế Hạnh phúc năm 2027, Bộ đề nghị các địa phương tổ chức các hoạt động "
        "với chủ đề “Hạnh phúc cho mọi nhà, mọi người”, cụ thể như sau:",
        "1. Khẩu hiệu:",
        "- Yêu thương và chia sẻ là nền tảng của một gia đình hạnh phúc, của một xã hội văn minh.",
        "- Hạnh phúc là khi được chia sẻ những niềm vui nhỏ mỗi ngày cùng những người thân yêu.",
        "2. Tổ chức thực hiện: các địa phương báo cáo kết quả về Bộ trước ngày 05/4/2027.",
    ]

    wrapped = "\n".join(textwrap.fill(paragraph, width) for paragraph in paragraphs)

    assert read(wrapped) == read("\n".join(paragraphs))
    assert len(read(wrapped).themes[0].slogans) == len(paragraphs) - 3


def test_a_theme_in_quotation_marks_goes_on_where_its_line_was_broken():
    text = "Ngày Gia đình Việt Nam\nvới chủ đề “Gia đình hạnh phúc -\nQuốc gia thịnh vượng”."

    assert [one.theme for one in read(text).themes] == ["Gia đình hạnh phúc - Quốc gia thịnh vượng"]


def test_a_letter_of_december_may_speak_of_the_next_year():
    text = (
        "Số: 12/BVHTTDL-GĐ\nHà Nội, ngày 20 tháng 12 năm 2026\n"
        "V/v Ngày Quốc tế Hạnh phúc năm 2027\nChủ đề: “Yêu thương và chia sẻ”."
    )

    assert (read(text).dated, read(text).year) == (date(2026, 12, 20), 2027)


def test_slogans_without_full_stops_stay_two_where_a_blank_line_parts_them():
    first = "Yêu thương và chia sẻ là nền tảng của một gia đình hạnh phúc"
    second = "Mỗi nhà một niềm vui, mỗi người một việc tốt cho xã hội ta"

    found = read(f"Ngày Quốc tế Hạnh phúc\n\nKhẩu hiệu tuyên truyền:\n\n{first}\n\n{second}\n")

    assert found.themes == (ReadTheme(HAPPINESS, None, (first, second)),)


def test_the_next_point_of_a_letter_is_no_longer_about_the_observance_of_the_last():
    text = (
        "Về Ngày Gia đình Việt Nam và Ngày Quốc tế Hạnh phúc\n"
        "1. Ngày Gia đình Việt Nam\nChủ đề: “Gia đình đầm ấm”.\n"
        "2. Việc chung\nKhẩu hiệu:\n- Một nhà một bếp lửa.\n"
    )

    slogans = {one.key: one.slogans for one in read(text).themes}
    assert slogans == dict.fromkeys((FAMILY, HAPPINESS), ("Một nhà một bếp lửa",))


def test_a_dash_behind_numbered_slogans_is_no_remark_but_read():
    text = (
        "Ngày Quốc tế Hạnh phúc\nKhẩu hiệu:\n1. Yêu thương và chia sẻ.\n2. Một nhà một bếp lửa.\n"
        "- Chủ đề: “Hạnh phúc cho mọi nhà”.\n"
    )

    [found] = read(text).themes
    assert found.theme == "Hạnh phúc cho mọi nhà"
    assert found.slogans == ("Yêu thương và chia sẻ", "Một nhà một bếp lửa")


def test_a_theme_said_outright_stands_in_the_place_of_one_said_by_the_way():
    text = (
        "Ngày Quốc tế Hạnh phúc\nTiếp nối kế hoạch có chủ đề “Yêu thương và chia sẻ”, Bộ đề nghị:\n"
        "Chủ đề: “Hạnh phúc cho mọi nhà”.\n"
    )

    assert [one.theme for one in read(text).themes] == ["Hạnh phúc cho mọi nhà"]


def test_a_short_name_that_fits_two_observances_gives_slogans_to_neither():
    text = (
        f"Về {TITLES[VIOLENCE][0]} và {TITLES[GENDER][0]}\nKhẩu hiệu:\n- Một nhà một bếp lửa.\n"
        "Tháng hành động:\n- Yêu thương thay roi vọt.\n"
    )

    slogans = {one.key: one.slogans for one in read(text).themes}
    assert slogans == dict.fromkeys((GENDER, VIOLENCE), ("Một nhà một bếp lửa",))
