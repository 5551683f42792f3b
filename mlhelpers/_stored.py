"""Sparse matrices cell by cell: which rows are read at a time, and which stored cells two of them share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

CELLS_PER_BLOCK = 1 << 20
_ROWS_PER_BLOCK = 1 << 16


def row_blocks(lengths: NDArray[Any]) -> Iterator[slice]:
    """Yield blocks of rows that hold at most CELLS_PER_BLOCK cells if each is as long as the longest, or one row."""
    start = 0
    while start < len(lengths):
        longest = np.maximum.accumulate(lengths[start : start + _ROWS_PER_BLOCK], dtype=np.int64)
        fits = longest * np.arange(1, len(longest) + 1) <= CELLS_PER_BLOCK
        stop = start + max(1, int(fits.sum()))
        yield slice(start, stop)
        start = stop


def stored_in(matrix: Any, cells: Any) -> NDArray[np.bool_]:
    """Return which stored entries of a CSR matrix are stored in `cells`, too; both with sorted columns, each once."""
    found = np.zeros(matrix.nnz, bool)
    for rows in row_blocks(np.diff(matrix.indptr)):
        own, wanted = _numbers(matrix, rows), _numbers(cells, rows)
        position = np.searchsorted(own, wanted)
        inside = position < len(own)
        position, wanted = position[inside], wanted[inside]
        found[matrix.indptr[rows.start] + position[own[position] == wanted]] = True
    return found


def _numbers(matrix: Any, rows: slice) -> NDArray[np.int64]:
    """Return the numbers of the stored cells, counted row by row from the first of the block."""
    starts = matrix.indptr[rows.start : rows.stop + 1]
    row = np.repeat(np.arange(len(starts) - 1, dtype=np.int64), np.diff(starts))
    row *= matrix.shape[1]
    row += matrix.indices[starts[0] : starts[-1]]
    return row
