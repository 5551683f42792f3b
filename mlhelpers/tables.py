"""A table that reads well as text, and as HTML in a notebook."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from html import escape


class Table:
    """Rows under named columns; the first column names its row.

    Parameters
    ----------
    columns : sequence of str
        Column headings.
    rows : sequence of sequences
        One value per column. Integers are shown with thousands separators, other numbers with
        three decimals, everything else (booleans, too) as ``str`` shows it.
    caption : str
        What the table shows, printed above it.

    Attributes
    ----------
    columns : tuple of str
    rows : tuple of tuple of str
        The cells as they are shown.
    caption : str

    Raises
    ------
    ValueError
        If there is no column, or a row has not as many values as there are columns.

    Examples
    --------
    >>> Table(("model", "F1", "labels"), [("all zeros", 0.0, 0), ("all ones", 0.3042, 20_000)])
    model         F1  labels
    all zeros  0.000       0
    all ones   0.304  20,000
    """

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[object]], caption: str = "") -> None:
        self.columns = tuple(str(heading) for heading in columns)
        if not self.columns:
            raise ValueError("columns is empty; give the table at least one heading")
        self.rows = tuple(tuple(_shown(value) for value in row) for row in rows)
        self.caption = caption
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"rows has a row of {len(row)} values under {len(self.columns)} columns: {row}")

    def __repr__(self) -> str:
        lines = (self.columns, *self.rows)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [_aligned(line, widths) for line in lines]
        return "\n".join([self.caption, *text] if self.caption else text)

    def _repr_html_(self) -> str:
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in self.columns)
        body = "".join(
            f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
            for row in self.rows
        )
        # The class is pandas', so that every front end gives the table the look of its own.
        return f'<table class="dataframe">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


class ShownAsTable:
    """Base of results that print as the table that their method `_table` returns."""

    def _table(self) -> Table:
        raise NotImplementedError

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()


def _shown(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return str(value)
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    return f"{round(float(value), 3) + 0.0:.3f}"  # adding zero turns -0.0 into 0.0


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
    return "  ".join(cells).rstrip()
