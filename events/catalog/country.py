"""The whole country: its 34 provinces, their communes in force since 1 July 2025, and what they
were made from.

Facts of the national list of administrative units, shipped as two lists beside the catalogue
(``make units`` makes them again). They name a unit by its code and its full name; its level and its
type are read from these, by what the catalogue says of its levels.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from events.catalog.entries import LevelEntry, UnitEntry
from events.catalog.reading import SHIPPED
from events.catalog.whole import Catalog
from events.errors import N_, CatalogError, InvalidInputError
from events.words.texts import folded, one_line, slug_of

REFORM = date(2025, 7, 1)  # the first day of the units in force
_LAST_BEFORE = REFORM - timedelta(days=1)
_WHAT_IT_IS = re.compile(r"^(tinh|thanh pho|tp)[ .]+")


@dataclass(frozen=True, slots=True)
class Province:
    """A province in force: its code in the national list, its full name, the full names of those
    that it was made from, and how many communes it has.
    """

    code: str
    full_name: str
    made_from: tuple[str, ...]
    communes: int

    @property
    def key(self) -> str:
        """The key of its unit."""
        return _key_in_force(self.code)


@dataclass(frozen=True, slots=True)
class _Line:
    """A unit as the lists have it."""

    code: str
    above: str
    full_name: str
    into: tuple[str, ...] = ()


@cache
def provinces() -> tuple[Province, ...]:
    """Return the provinces in force, by their code."""
    number = Counter(line.above for line in _in_force())
    tops = [line for line in _before() if not line.above]
    return tuple(
        Province(
            line.code,
            line.full_name,
            tuple(top.full_name for top in tops if line.code in top.into),
            number[line.code],
        )
        for line in _in_force()
        if not line.above
    )


def find_province(text: str) -> Province:
    """Return the province with this code or name, as people type it: without accents, with or
    without what it is, a part of the name if no other has it, or the name that it had until 2025.

    Raises ``InvalidInputError`` if there is none, or more than one.
    """
    wanted = one_line(text)
    found = _by_code(wanted) or _by_name(_bare(wanted)) if wanted else []
    if len(found) != 1:
        raise InvalidInputError(
            N_(
                "There is no province “%(name)s”. Please give the code or the name of one of the "
                "34; `sumvay province list` shows them."
            ),
            name=wanted,
        )
    return found[0]


def units_of(province: Province, levels: Sequence[LevelEntry]) -> list[UnitEntry]:
    """Return a province's units as a catalogue file has them: those in force, and those that they
    were made from with their districts, which ended on the day before the reform.

    Raises ``CatalogError`` for levels that do not say which codes are theirs.
    """
    kinds = _Kinds(levels)
    mine = [line for line in _in_force() if province.code in (line.code, line.above)]
    codes = {line.code for line in mine}
    old = [line for line in _before() if not line.above and province.code in line.into]
    for line in old:  # which grows: districts, then their communes
        old.extend(each for each in _below().get(line.code, ()))
    return [*(kinds.of_old(line, codes) for line in old), *map(kinds.of_new, mine)]


def with_units_of(catalog: Catalog, province: Province) -> Catalog:
    """Return the catalogue for ``province``: with its own units if it has that province already,
    else with those of the national list.
    """
    if any(_is_that(unit, province) for unit in catalog.units.unit):
        return catalog
    units = units_of(province, catalog.units.level)
    return Catalog(
        catalog.units.model_copy(update={"unit": units}),
        catalog.templates,
        catalog.observances,
        catalog.calendar,
    )


class _Kinds:
    """What a unit is by the digits of its code and the first words of its name."""

    def __init__(self, levels: Sequence[LevelEntry]) -> None:
        self._levels = {level.code_digits: level for level in levels if level.code_digits}

    def of_new(self, line: _Line) -> UnitEntry:
        key = _key_in_force(line.code)
        return self._unit(
            line,
            id=key,
            slug=slug_of(line.full_name) + f"-{key}",
            parent=_key_in_force(line.above) if line.above else "",
            valid_from=REFORM,
        )

    def of_old(self, line: _Line, in_force: set[str]) -> UnitEntry:
        return self._unit(
            line,
            id=line.code,
            slug=slug_of(line.full_name) + f"-{line.code}",
            parent=line.above,
            valid_to=_LAST_BEFORE,
            successor=[_key_in_force(code) for code in line.into if code in in_force],
        )

    def _unit(self, line: _Line, **facts: object) -> UnitEntry:
        level = self._levels.get(len(line.code))
        for one in level.types if level else ():
            title, _space, name = line.full_name.partition(f"{one.title} ")
            if level and name and not title:
                facts |= {"level": level.key, "type": one.key, "name": name}
                return UnitEntry.model_validate(
                    {"gso_code": line.code, "full_name": line.full_name, **facts}
                )
        raise CatalogError(
            file="units.toml",
            key=line.code,
            reason=f"no level has code_digits = {len(line.code)} and a type for {line.full_name!r}",
        )


def _key_in_force(code: str) -> str:
    """Return the key of a unit in force: most codes were used before, by another unit."""
    return f"{code}-{REFORM.year}"


def _is_that(unit: UnitEntry, province: Province) -> bool:
    is_top = not unit.parent and unit.valid_to is None
    return is_top and (unit.gso_code or unit.id) == province.code


def _by_code(text: str) -> list[Province]:
    return [each for each in provinces() if text.isdecimal() and each.code == text.zfill(2)]


def _by_name(name: str) -> list[Province]:
    """Return the provinces of this name; else the one that was made from one of this name; else
    those in whose name it stands, or in the name of one that they were made from.
    """
    names = [(each, [_bare(each.full_name)], _old_names(each)) for each in provinces()]
    return (
        [each for each, now, _before in names if name in now]
        or [each for each, _now, before in names if name in before]
        or [each for each, now, _before in names if name in now[0]]
        or [each for each, _now, before in names if any(name in old for old in before)]
    )


def _old_names(province: Province) -> list[str]:
    return [_bare(name) for name in province.made_from]


def _bare(name: str) -> str:
    """Return a name as it is searched: folded, without what the unit is."""
    return _WHAT_IT_IS.sub("", " ".join(folded(name).replace("-", " ").split()))


@cache
def _in_force() -> tuple[_Line, ...]:
    return tuple(_lines("units_in_force.tsv"))


@cache
def _before() -> tuple[_Line, ...]:
    return tuple(_lines("units_before.tsv"))


@cache
def _below() -> dict[str, list[_Line]]:
    """Return the old units by the code of the one above."""
    found: dict[str, list[_Line]] = {}
    for line in _before():
        found.setdefault(line.above, []).append(line)
    return found


def _lines(file: str) -> Iterator[_Line]:
    for text in _text(file):
        code, above, full_name, *into = text.split("\t")
        yield _Line(code, above, full_name, tuple(into[0].split()) if into else ())


def _text(file: str) -> Iterable[str]:
    lines = (SHIPPED / file).read_text(encoding="utf-8").splitlines()
    return (line for line in lines if not line.startswith("#"))
