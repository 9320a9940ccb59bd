"""What a form brings along as evidence of an item."""

from collections.abc import Iterator

from flask import request
from werkzeug.datastructures import FileStorage

from events.checklist.evidence import Proof, kinds_wanted
from events.checklist.listing import get_item
from events.checklist.rights import may_work_on_item
from events.files.store import StoredFile
from events.models import Person
from events.words.texts import nfc
from web.kit.context import get_session, today
from web.kit.entries import day_of, number_of
from web.kit.uploads import take_in


def proofs_sent(item_id: int, person: Person) -> list[Proof]:
    """Return what the form brought as evidence, its files stored; none of those who may not, whom
    the use case tells.
    """
    item = get_item(get_session(), item_id)
    if not may_work_on_item(get_session(), person, item, today()):
        return []
    kinds = list(kinds_wanted(item))
    sent = {kind: _files(kind) for kind in kinds}
    stored = iter(take_in([file for kind in kinds for file in sent[kind]], item.campaign.unit))
    return [
        proof for kind in kinds for proof in _proofs(kind, [next(stored) for _one in sent[kind]])
    ]


def _files(kind: str) -> list[FileStorage]:
    return [file for file in request.files.getlist(f"{kind}-file") if file.filename]


def _proofs(kind: str, files: list[StoredFile]) -> Iterator[Proof]:
    """Yield the pieces of one kind in the form; fields that were left empty are none."""
    text, url = request.form.get(f"{kind}-text", ""), request.form.get(f"{kind}-url", "")
    number, dated = (
        number_of(request.form.get(f"{kind}-number", "")),
        day_of(request.form.get(f"{kind}-dated", "")),
    )
    if nfc(text) or nfc(url) or number is not None or dated is not None:
        yield Proof(kind, text, url, number, dated, files[0] if files else None)
        files = files[1:]
    for file in files:
        yield Proof(kind, file=file)
