"""Tables that stay readable on a terminal of any width: what matters least shrinks, moves or goes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

_GAP: Final = 2  # spaces between two columns
_LEAST: Final = 8  # characters of a column that may shrink, on a terminal with room for nothing


@dataclass(frozen=True, slots=True)
class Column:
    """A head and its cells. `least`: to how many characters it may shrink, its lines broken; 0: it stays whole."""

    head: str
    cells: Sequence[Text]
    least: int = 0

    @property
    def natural(self) -> int:
        """Return the width at which no line is broken."""
        lines = (line for cell in self.cells for line in cell.plain.split("\n"))
        return max([cell_len(self.head), *map(cell_len, lines)])


Form: TypeAlias = Sequence[Column]


class Fitted:
    """Columns in several forms, the widest first; shown in the first form for which there is room, else in the last."""

    def __init__(self, forms: Sequence[Form], styles: Sequence[str], caption: str = "") -> None:
        self._forms = forms
        self._styles = styles
        self._caption = caption

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Show it; Rich calls this."""
        del console
        width = options.max_width
        form = fitting(self._forms, width)
        table = Table(
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, 1, 0, 0),
            header_style="dim",
            border_style="dim",
            caption_justify="left",
            caption=self._caption or None,
        )
        for column, wide in zip(form, widths(form, width), strict=True):
            table.add_column(column.head, width=wide, no_wrap=not column.least, overflow="fold")
        for row, style in enumerate(self._styles):
            table.add_row(*(column.cells[row] for column in form), style=style)
        yield table


def fitting(forms: Sequence[Form], width: int) -> Form:
    """Return the first form for which there is room, else the last."""
    return next((each for each in forms if _needed(each) <= width), forms[-1])


def widths(form: Form, width: int) -> list[int]:
    """Return how wide each column is: what may shrink shares what the others leave, and none takes more than it needs.

    The narrowest is served first, so that one long name takes nothing from the short ones.
    """
    found = {place: column.natural for place, column in enumerate(form) if not column.least}
    room = width - _gaps(form) - sum(found.values())
    least = {place: min(column.least, column.natural) for place, column in enumerate(form) if column.least}
    spare = room - sum(least.values())
    waiting = sorted(least, key=lambda place: form[place].natural - least[place])
    for number, place in enumerate(waiting):
        wanted, share = form[place].natural - least[place], spare // (len(waiting) - number)
        more = min(wanted, share)
        found[place] = max(min(_LEAST, form[place].natural), least[place] + more)
        spare -= more
    return [found[place] for place in range(len(form))]


def _needed(form: Form) -> int:
    return _gaps(form) + sum(min(column.least or column.natural, column.natural) for column in form)


def _gaps(form: Form) -> int:
    return _GAP * (len(form) - 1)
