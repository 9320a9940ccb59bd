"""A calendar as lines and components, read from its octets by nobody's library.

Libraries mend what they read; here it is wanted as it is. Nothing raises: what cannot be read is a
breach, and the rest is read on.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from events.calendars.check.rules import Breach, breach

_BREAK = re.compile(rb"\r\n|\r|\n")
_CONTENT = re.compile(r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:]*))*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=(?:"([^"]*)"|([^";:]*))')
_DEEPEST = 4  # VCALENDAR, VTIMEZONE, STANDARD; nothing that clients read lies deeper


@dataclass(frozen=True, slots=True)
class Physical:
    """What lies between two line breaks; ``end`` is the break, empty at the end of the file."""

    number: int
    octets: bytes
    end: bytes

    @property
    def continues(self) -> bool:
        return self.octets.startswith((b" ", b"\t"))


@dataclass(frozen=True, slots=True)
class Line:
    """A content line (RFC 5545, 3.1), unfolded; names in capitals, ``value`` as it is written."""

    number: int
    name: str
    params: dict[str, str]
    value: str
    written: str  # all of it, as it stands there

    @property
    def text(self) -> str:
        """The line as it is compared with that of another version."""
        params = "".join(f";{name}={value}" for name, value in sorted(self.params.items()))
        return f"{self.name}{params}:{self.value}"


@dataclass(slots=True)
class Component:
    """What stands between BEGIN and END; ``number`` is the line of BEGIN."""

    name: str
    number: int
    lines: list[Line] = field(default_factory=list)
    inside: list["Component"] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        return [line for line in self.lines if line.name == name]

    def one(self, name: str) -> Line | None:
        return next((line for line in self.lines if line.name == name), None)

    def value(self, name: str) -> str:
        """Return the value of a property as it is written; empty when there is none."""
        line = self.one(name)
        return line.value if line else ""

    @property
    def uid(self) -> str:
        return self.value("UID")


def physical_lines(body: bytes) -> Iterator[Physical]:
    start = number = 0
    for number, found in enumerate(_BREAK.finditer(body), 1):
        yield Physical(number, body[start : found.start()], found.group())
        start = found.end()
    if start < len(body):
        yield Physical(number + 1, body[start:], b"")


def unfolded(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each line without its folds (RFC 5545, 3.1), with the number it begins on."""
    number, parts = 0, [b""]
    for line in physical_lines(body):
        if line.continues and number:
            parts.append(line.octets[1:])
            continue
        if number:
            yield number, b"".join(parts)
        number, parts = line.number, [line.octets]
    if number:
        yield number, b"".join(parts)


def read(body: bytes) -> tuple[list[Component], list[Breach]]:
    """Return the components at the top, and what is wrong with how they are written."""
    top, found = Component("", 0), []
    open_ones = [top]
    for number, octets in unfolded(body.removeprefix(b"\xef\xbb\xbf")):
        if not octets.strip():
            continue
        line = _line(number, octets.decode("utf-8", "replace"))
        if line is None:
            found.append(breach("content-line", number))
        elif line.name == "BEGIN":
            inner = Component(line.value.strip().upper(), number)
            if len(open_ones) > _DEEPEST:
                return top.inside, [*found, breach("nesting", number, name=inner.name[:40])]
            open_ones[-1].inside.append(inner)
            open_ones.append(inner)
        elif line.name == "END":
            if len(open_ones) > 1 and open_ones[-1].name == line.value.strip().upper():
                open_ones.pop()
            else:
                found.append(breach("nesting", number, name=line.value[:40]))
        elif len(open_ones) == 1:
            found.append(breach("one-calendar", number))
        else:
            open_ones[-1].lines.append(line)
    found += [breach("nesting", one.number, name=one.name[:40]) for one in open_ones[1:]]
    return top.inside, found


def _line(number: int, text: str) -> Line | None:
    found = _CONTENT.fullmatch(text)
    if found is None:
        return None
    params = {name.upper(): quoted or plain for name, quoted, plain in _PARAMETER.findall(found[2])}
    return Line(number, found[1].upper(), params, found[3], text)
