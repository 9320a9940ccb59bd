"""The Markdown of announcements, as HTML that can do nothing and as plain text.

CommonMark with tables; raw HTML is shown as it was typed and pictures are only links, since mail
must fetch nothing from elsewhere. What comes of it is sanitised once more.
"""

from collections.abc import Iterator, Sequence
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "a", "ul", "ol", "li", "blockquote", "code", "pre"),
    *("h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}, "ol": {"start"}}
_SCHEMES = {"https", "http", "mailto", "tel"}
_BREAKS = {"paragraph_close", "heading_close", "blockquote_close", "table_close"}


def as_html(text: str) -> str:
    """Return Markdown as HTML without anything that runs, is fetched, or hides where it leads."""
    tokens = _parser().parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):  # the subject is the first heading
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    html = _parser().renderer.render(tokens, _parser().options, {})
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES)


def as_text(text: str) -> str:
    """Return Markdown as plain text, with the address of a link behind its words."""
    pieces = "".join(_plain(_parser().parse(text)))
    lines = [line.rstrip() for line in pieces.splitlines()]
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept).strip()


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    return parser.enable(["table", "strikethrough"]).disable("image")


def _plain(tokens: Sequence[Token]) -> Iterator[str]:
    numbers: list[int | None] = []  # of the lists that a line is in; None: without
    for token in tokens:
        if token.type == "inline":
            yield from _words(token.children or [])
        elif token.type in ("fence", "code_block"):
            yield token.content + "\n"
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            first = int(token.attrs.get("start", 1)) if token.type[0] == "o" else None
            numbers.append(first)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            numbers.pop()
            yield "\n"
        elif token.type == "list_item_open":
            number = numbers[-1]
            yield "  " * (len(numbers) - 1) + ("- " if number is None else f"{number}. ")
            numbers[-1] = None if number is None else number + 1
        elif token.type in ("th_close", "td_close"):
            yield " | "
        elif token.type == "hr":
            yield "-" * 20 + "\n\n"
        elif token.type == "tr_close":
            yield "\n"
        elif token.type in _BREAKS:
            yield "\n" if token.hidden or numbers else "\n\n"


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    address = ""
    for token in tokens:
        if token.type in ("text", "code_inline"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "link_open":
            address = str(token.attrs["href"])
        elif token.type == "link_close":
            yield f" ({address})"
