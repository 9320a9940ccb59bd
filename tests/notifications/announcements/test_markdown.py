"""What officers write in Markdown, as it leaves."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.announcements.markdown import as_html, as_text

LETTER = """# Tập huấn

Kính mời **toàn thể** cán bộ dự tập huấn:

- Xã Đăk Tô
- Xã Ngọk Bay

1. Khai mạc
2. Chuyên đề

Xem [kế hoạch](https://example.org/ke-hoach).
"""


def test_a_letter_reads_the_same_in_html_and_in_plain_text():
    assert as_text(LETTER) == (
        "Tập huấn\n\nKính mời toàn thể cán bộ dự tập huấn:\n\n- Xã Đăk Tô\n- Xã Ngọk Bay\n\n"
        "1. Khai mạc\n2. Chuyên đề\n\nXem kế hoạch (https://example.org/ke-hoach)."
    )
    html = as_html(LETTER)
    assert "<h2>Tập huấn</h2>" in html
    assert "<strong>toàn thể</strong>" in html
    assert "<li>Xã Đăk Tô</li>" in html
    assert 'href="https://example.org/ke-hoach"' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=https://xau.example/1.png onerror=alert(1)>",
        "![ảnh](https://xau.example/1.png)",
        "[bấm](javascript:alert(1))",
        "[bấm](data:text/html;base64,PHNjcmlwdD4=)",
        "<javascript:alert(1)>",
        '[a](https://a.example "x\\" onclick=alert(1)")',
        "<a href='//x' style='position:fixed'>x</a>",
        "<iframe src=//x></iframe>",
        "```html\n<script>\n```",
    ],
)
def test_nothing_runs_and_nothing_is_fetched(text):
    html = as_html(text)

    assert set(re.findall(r"<(\w+)", html)) <= {"p", "a", "pre", "code"}
    assert re.findall(r"<[^>]*\s(?!href|rel)(\w+)=", html) == []
    assert all(
        address.startswith(("https:", "http:", "mailto:", "tel:"))
        for address in re.findall(r'href="([^"]*)"', html)
    )


@given(st.text(alphabet=st.sampled_from("<>[]()!*_`#-|\"'\\/: \najs&;="), max_size=80))
def test_whatever_is_typed_only_known_tags_come_of_it(text):
    html = as_html(text)

    assert "<img" not in html
    assert "<script" not in html
    assert re.findall(r'href="(?!https?:|mailto:|tel:)([a-z]+:[^"]*)"', html) == []
    as_text(text)
