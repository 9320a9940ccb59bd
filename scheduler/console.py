"""What commands say: sentences in the configured language, tables and progress bars on the
terminal.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from events.campaigns.opening import Opened
from events.errors import N_, CannotRunError, DomainError
from events.words.language import LANGUAGES, say, translations

_WIDE = 160  # columns, when the output goes to a file or another program

out = Console(highlight=False)
if not out.is_terminal:
    out = Console(highlight=False, width=_WIDE)
err = Console(stderr=True, highlight=False)


class Voice:
    """The language commands speak; Vietnamese until the configuration says otherwise."""

    language = "vi"


def _(message: str) -> str:
    """Return a sentence in the configured language."""
    return translations(Voice.language).gettext(message)


def tell(message: str, **facts: object) -> None:
    """Say a sentence on standard output."""
    out.print(_(message) % facts if facts else _(message), markup=False, soft_wrap=True)


def complain(error: DomainError) -> None:
    """Say in one line on standard error what went wrong; in every language when the service cannot
    run.
    """
    spoken = LANGUAGES if isinstance(error, CannotRunError) else (Voice.language,)
    sentence = " / ".join(say(error, language) for language in spoken)
    err.print(sentence, style="red", markup=False, soft_wrap=True)


def show_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Show rows under translated column titles."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*row)
    out.print(table)


@contextmanager
def progress_bar(message: str) -> Iterator["Bar"]:
    """Show a bar on the terminal while work lasts; nothing when the output goes to a file."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        yield Bar(progress, _(message))


class Bar:
    """One running progress bar."""

    def __init__(self, progress: Progress, description: str) -> None:
        self._progress = progress
        self._task = progress.add_task(description, total=None)

    def __call__(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total)


def tell_opened(opened: Iterable[Opened]) -> None:
    for one in opened:
        sentence = N_("“%(campaign)s” opens in %(units)s units with %(items)s items.")
        tell(sentence, campaign=one.summary, units=one.campaigns, items=one.items)
