"""Paragraphs of a letter, whole again."""

import pytest

from events.observances.letter_paragraphs import Paragraph, numbers_after, paragraphs_of

FULL = "Bộ đề nghị các địa phương tổ chức các hoạt động hưởng ứng thiết thực"


@pytest.mark.parametrize(
    ("line", "paragraph"),
    [
        ("- Một", Paragraph("Một", "dash")),
        ("• Một", Paragraph("Một", "dash")),
        ("2. Hai", Paragraph("Hai", "number.", 2)),
        ("3) Ba", Paragraph("Ba", "number)", 3)),
        ("4/ Bốn", Paragraph("Bốn", "number/", 4)),
        ("1.2. Sâu", Paragraph("Sâu", "deep1", 2)),
        ("1.2.13 Sâu hơn", Paragraph("Sâu hơn", "deep2", 13)),
        ("IV. La Mã", Paragraph("La Mã", "roman")),
        ("đ) Chữ", Paragraph("Chữ", "letter")),
        ("20/3 là ngày", Paragraph("20/3 là ngày")),
        ("  Không có gì ", Paragraph("Không có gì")),
    ],
)
def test_a_paragraph_is_known_by_its_bullet(line, paragraph):
    assert Paragraph.of(line) == paragraph


def test_a_list_goes_on_with_the_same_bullet_and_the_next_number():
    two, three = Paragraph("b", "number.", 2), Paragraph("c", "number.", 3)
    dash = Paragraph("d", "dash")

    assert three.follows(two)
    assert not two.follows(three)
    assert not two.follows(two)
    assert dash.follows(dash)
    assert not dash.follows(two)
    assert Paragraph("e").follows(Paragraph("f"))
    assert (numbers_after(two), numbers_after(dash)) == ((3,), (0,))


def test_asides_stand_in_parentheses_and_lists_begin_with_a_colon():
    assert Paragraph("(theo văn bản)").is_aside
    assert Paragraph("(như trên).").is_aside
    assert not Paragraph("(một) hai").is_aside
    assert Paragraph("Khẩu hiệu:").opens_list
    assert not Paragraph("a: b").opens_list


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ([FULL, "Ở các xã trong toàn bộ địa bàn"], 1),  # as long as the page is wide
        (["Ngắn thôi", "Ở các xã", FULL], 3),
        ([FULL, "và chia sẻ"], 1),  # goes on small
        ([f"{FULL}.", "Ở các xã"], 2),  # ended
        ([FULL, "", "Ở các xã"], 2),  # a blank line between
        ([FULL, "", "và ở các xã"], 1),
        ([FULL, "- Ở các xã"], 2),
        (["-", "Ở các xã"], 1),  # a bullet alone on its line
        (["“Hạnh phúc", "Cho mọi nhà”"], 1),  # inside a quotation
        (['"Hạnh phúc', 'Cho mọi nhà"'], 1),
        (["“Một”", "“Hai”"], 2),
        (["Hạnh phúc” rồi", "Ở các xã", FULL], 3),  # what was closed is not open
        (["KẾ HOẠCH", "TỔ CHỨC"], 1),  # a title in capitals
        ([FULL.upper(), "Ở các xã"], 2),
    ],
)
def test_lines_that_a_page_broke_are_one_paragraph_again(lines, number):
    found = list(paragraphs_of("\n".join(lines)))

    assert len(found) == number
    assert (
        " ".join(one.text for one in found).split()
        == " ".join(line.removeprefix("- ").removeprefix("-") for line in lines).split()
    )


@pytest.mark.parametrize("page", ["2", "- 2 -", "Trang 2", "2/5", "trang 12"])
def test_the_number_of_a_page_is_no_line(page):
    assert [one.text for one in paragraphs_of(f"{FULL}\n{page}\nvà chia sẻ")] == [
        f"{FULL} và chia sẻ"
    ]


def test_a_line_that_is_just_as_long_as_a_broken_one_goes_on():
    wide = "x" * 79
    assert len(list(paragraphs_of(f"{wide}.\n{'X' + 'x' * 59}\nAbc"))) == 2
    assert len(list(paragraphs_of(f"{wide}.\n{'X' + 'x' * 58}\nAbc"))) == 3
