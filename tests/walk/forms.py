"""The forms of pages as a browser has them: where they go, what stands in them, what may be typed."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_TYPED = ("text", "search", "url", "email", "tel")


@dataclass
class Form:
    """One form: its address, what it sends as it stands, and which of its fields are free text."""

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)  # of lists, boxes and buttons
    typed: dict[str, int | None] = field(default_factory=dict)  # with the longest text each takes
    kinds: dict[str, str] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self.found: list[Form] = []
        self._form: Form | None = None
        self._area: str | None = None
        self._list: str | None = None
        self._option: str | None = None
        self._outside: dict[str, Form] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        if tag == "form":
            is_post = said.get("method", "").lower() == "post"
            action = said.get("action") or self._address
            self._form = Form(action.partition("#")[0]) if is_post else None
            if self._form:
                self.found.append(self._form)
                if said.get("id"):
                    self._outside[said["id"]] = self._form
            return
        form = self._outside.get(said.get("form", ""), self._form)
        name = said.get("name", "")
        if tag == "option" and form and self._list:
            self._option = None if "value" in said else ""
            self._choose(form, said.get("value", ""), "selected" in said)
        if form is None or not name:
            return
        if "required" in said:
            form.needed.add(name)
        if tag == "input":
            self._input(form, name, said)
        elif tag == "textarea":
            self._area = name
            form.values.setdefault(name, [""])
            form.typed[name] = int(said["maxlength"]) if "maxlength" in said else None
            form.kinds[name] = "textarea"
        elif tag == "select":
            self._list = name
            form.kinds[name] = "select"
        elif tag == "button":
            form.choices.setdefault(name, []).append(said.get("value", ""))
            form.kinds[name] = "button"

    def _choose(self, form: Form, value: str, is_chosen: bool) -> None:
        assert self._list is not None
        form.choices.setdefault(self._list, []).append(value)
        if is_chosen or not form.values.get(self._list):
            form.values[self._list] = [value]

    def _input(self, form: Form, name: str, said: dict[str, str]) -> None:
        kind, value = said.get("type", "text"), said.get("value", "")
        form.kinds[name] = kind
        if kind in ("checkbox", "radio"):
            form.choices.setdefault(name, []).append(said.get("value", "on"))
            if "checked" in said:
                form.values.setdefault(name, []).append(said.get("value", "on"))
            return
        form.values.setdefault(name, []).append(value)
        if kind in _TYPED:
            form.typed[name] = int(said["maxlength"]) if "maxlength" in said else None

    def handle_data(self, data: str) -> None:
        if self._area and self._form:
            self._form.values[self._area][0] += data
        if self._list and self._form and self._option == "":  # its text is what is sent
            self._option = data.strip()
            choices, chosen = self._form.choices[self._list], self._form.values[self._list]
            chosen[:] = [self._option if one == "" else one for one in chosen]
            choices[-1] = self._option

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._list = None


def forms_in(page: str, address: str) -> list[Form]:
    """Return the forms of a page that are sent by POST."""
    parser = _Forms(address)
    parser.feed(page)
    return parser.found
