"""Backups: make one, look whether one is whole, bring one back."""

from pathlib import Path

import click

from events.errors import N_
from events.files.backups import Manifest
from scheduler.backups import keeping as backups
from scheduler.commands import NewService, pass_service
from scheduler.console import tell
from scheduler.service import utc_now

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("--verify", is_flag=True, help="Make none; look whether the one in FOLDER is whole.")
@click.option("--secrets", type=_FOLDER, help="Where the secrets go; FOLDER/secrets if left out.")
@pass_service
def backup(new_service: NewService, folder: Path, verify: bool, secrets: Path | None) -> None:
    """Copy database, uploaded files and secrets into FOLDER, while the service runs.

    \b
    sumvay backup /srv/backup/monday
    sumvay backup --verify /srv/backup/monday
    """
    if verify:
        _tell_what_is_in(
            backups.verify_backup(folder), N_("Whole: %(files)s files, made %(made)s.")
        )
        return
    made = backups.make_backup(new_service(), folder, now=utc_now(), secrets=secrets)
    _tell_what_is_in(made, N_("Backed up: %(files)s files, at %(made)s."))
    tell(N_("What is erased later stays in this copy: delete it in time."))


@click.command()
@click.argument("folder", type=_FOLDER)
@pass_service
def restore(new_service: NewService, folder: Path) -> None:
    """Bring the backup in FOLDER into an empty place; its mail waits for: sumvay mail resume.

    \b
    sumvay restore /srv/backup/monday
    """
    brought = backups.restore(new_service(), folder)
    _tell_what_is_in(brought, N_("Brought back: %(files)s files, as of %(made)s."))
    tell(N_("What was erased since then is here again: erase it once more."))
    tell(N_("No mail leaves from here until you run: sumvay mail resume"))


COMMANDS = [backup, restore]


def _tell_what_is_in(manifest: Manifest, sentence: str) -> None:
    tell(sentence, files=len(manifest.files), made=f"{manifest.made:%d/%m/%Y %H:%M} (UTC)")
    if manifest.missing:
        sentence = N_("Files that were gone already: %(count)s, first %(first)s.")
        tell(sentence, count=len(manifest.missing), first=manifest.missing[0])
