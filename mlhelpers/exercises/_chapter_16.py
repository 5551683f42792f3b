"""Judges of chapter 16, many labels and many rows."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers.exercises._answers import ANY, Routes, Wrong, call, compare, kind_of, read_numbers
from mlhelpers.exercises._register import exercise


@exercise("16.1")
def _memory(answer: Any) -> None:
    rows, labels, each = 300_000, 50_000, 4
    gib = rows * labels * 4 / 2**30
    stored, starts = rows * each, (rows + 1) * 4
    mib = (stored * 5 + starts) / 2**20
    values = read_numbers(answer, "GiB dense", "MiB as CSR")
    routes: Routes = {
        "The two are swapped: the dense matrix first.": [mib, gib],
        "The dense one: this is float64; float32 has 4 bytes.": [2 * gib, ANY],
        "The dense one: this is one byte a cell; float32 has 4.": [gib / 4, ANY],
        "The dense one: this counts 1000 where a GiB has 1024.": [rows * labels * 4 / 1e9, ANY],
        "The dense one: these are MiB.": [gib * 1024, ANY],
        "CSR: the values alone; each has a column number of 4 bytes beside it.": [ANY, stored / 2**20],
        "CSR: the row starts are left out.": [ANY, stored * 5 / 2**20],
        "CSR: values in int8 have 1 byte, these have 4.": [ANY, (stored * 8 + starts) / 2**20],
        "CSR: this counts 1000 where a MiB has 1024.": [ANY, (stored * 5 + starts) / 1e6],
    }
    compare(values, {"GiB dense": gib, "MiB as CSR": mib}, routes, tolerance=0.06)


class _NeverDense(sparse.csr_matrix):  # type: ignore[misc]
    """A CSR matrix that refuses to become dense; one row of it may."""

    def toarray(self, *args: Any, **kwargs: Any) -> Any:
        if self.shape[0] > 1:
            raise MemoryError("the whole matrix was made dense")
        return super().toarray(*args, **kwargs)

    todense = toarray


Cells = dict[tuple[int, int], float]


@exercise("16.2")
def _best_stored(answer: Any) -> None:
    k = 3
    values = np.array([0.9, -0.2, 0.4, 0.7, 0.1, -0.5, -0.1, -0.9, -0.3, 0.0, 0.3, -2.0, 0.6, 0.2, 0.8])
    columns = np.array([5, 1, 3, 0, 4, 2, 6, 0, 3, 1, 7, 5, 2, 0, 1])
    given = _NeverDense((values, columns, np.array([0, 5, 9, 11, 11, 15])), shape=(5, 8))
    found = _cells(call(answer, given, k), given.shape)
    right = _selected(given, k, lambda x: -x)
    if found == right:
        one = _cells(call(answer, given, 1), given.shape)
        if one != _selected(given, 1, lambda x: -x):
            raise Wrong(f"It is right for k = {k}, but not for k = 1.")
        return
    for message, other in {
        "It returns the lowest scores; the highest were asked for.": _selected(given, k, lambda x: x),
        "It goes by the absolute value; a negative score stays below a small one.": _selected(
            given, k, lambda x: -abs(x)
        ),
        "It loses the stored 0, which is a score.": {cell: x for cell, x in right.items() if x},
        "It leaves out negative scores; where nothing better is stored, they are among the best.": {
            cell: x for cell, x in right.items() if x >= 0
        },
        "It leaves out what is not above 0; a stored 0 and negative scores can be among the best.": {
            cell: x for cell, x in right.items() if x > 0
        },
        "It takes the first stored cells of each row; sort by the score.": _selected(given, k, np.zeros_like),
    }.items():
        if found == other:
            raise Wrong(message)
    if found.keys() == right.keys():
        raise Wrong("These are the right cells, but not their scores.")
    if max(Counter(row for row, _ in found).values(), default=0) > k:
        raise Wrong(f"Some rows keep more than {k} scores, which is k here.")
    if len(found) > len(right):
        raise Wrong("It stores more cells than there are: rows with fewer stored scores keep what they have.")
    if len(found) <= k < len(right):
        raise Wrong("It takes the best of the whole matrix; the question asks for the best of each row.")
    raise Wrong("These are not the highest stored scores of each row.")


def _cells(found: Any, shape: tuple[int, int]) -> Cells:
    if not sparse.issparse(found):
        raise Wrong(f"Your function returns something {kind_of(found)}. The question asks for a CSR matrix.")
    if found.shape != shape:
        raise Wrong(f"It returns a matrix of shape {found.shape} for one of shape {shape}; all columns stay.")
    if found.format != "csr":
        raise Wrong(f"It returns a matrix in the form {found.format}; .tocsr() makes CSR of it.")
    cells = found.tocoo()
    return dict(zip(zip(cells.row.tolist(), cells.col.tolist(), strict=True), cells.data.tolist(), strict=True))


def _selected(S: Any, k: int, key: Callable[[NDArray[Any]], NDArray[Any]]) -> Cells:
    cells: Cells = {}
    for i, (start, end) in enumerate(zip(S.indptr[:-1], S.indptr[1:], strict=True)):
        best = np.argsort(key(S.data[start:end]), kind="stable")[:k] + start
        cells |= {(i, int(S.indices[at])): float(S.data[at]) for at in best}
    return cells


class _OneAfterTheOther:
    """An iterator over pairs of matrices that notices if earlier ones are kept."""

    def __init__(self, pairs: list[tuple[Any, Any]]) -> None:
        self._pairs, self._given = iter(pairs), list[weakref.ref[Any]]()
        self.kept = False

    def __deepcopy__(self, memo: dict[int, Any]) -> _OneAfterTheOther:
        return self  # each pair is copied when it is given

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return self

    def __next__(self) -> tuple[Any, Any]:
        # The last pair is still bound in a for loop when the next one is asked for.
        self.kept |= any(of() is not None for of in self._given[:-2])
        Y, P = (M.copy() for M in next(self._pairs))
        self._given += weakref.ref(Y), weakref.ref(P)
        return Y, P


@exercise("16.3")
def _streamed_f1(answer: Any) -> None:
    rng = np.random.default_rng(16)
    chances = np.array([0.6, 0.3, 0.1, 0.05])
    parts = []
    for rows in (30, 5, 12):
        Y, noise = rng.random((rows, 4)) < chances, rng.random((rows, 4)) < 0.2
        parts.append((sparse.csr_matrix(Y.astype(np.int8)), sparse.csr_matrix((Y ^ noise).astype(np.int8))))
    truth = sparse.vstack([Y for Y, _ in parts]).toarray()
    claims = sparse.vstack([P for _, P in parts]).toarray()
    given = _OneAfterTheOther(parts)
    value = float(read_numbers(call(answer, given), "micro-F1")[0])
    of_labels, of_rows = (_f1(truth, claims, axis).mean() for axis in (0, 1))
    tp = (truth * claims).sum()
    right = float(_f1(truth, claims))
    routes: Routes = {
        "This is the mean of the parts' micro-F1; add up counts, and divide once.": np.mean(
            [_f1(Y.toarray(), P.toarray()) for Y, P in parts]
        ),
        "This is the micro-F1 of the last part alone.": _f1(*(M.toarray() for M in parts[-1])),
        "This is the micro-F1 of the first part alone.": _f1(*(M.toarray() for M in parts[0])),
        "This is macro-F1, the mean over labels.": of_labels,
        "This is the mean over rows.": of_rows,
        "This is precision.": tp / claims.sum(),
        "This is recall.": tp / truth.sum(),
        "This is twice TP over FP + FN; they are added to 2 TP below the line.": 2 * tp / (truth != claims).sum(),
        "This is TP over all true labels and claims; twice TP belongs above the line.": right / 2,
        "This is the Jaccard index.": tp / np.maximum(truth, claims).sum(),
        "This is 0: the iterator can be read only once, so count everything on the way.": 0.0,
    }
    compare(value, {"micro-F1": right}, routes, tolerance=1e-6)
    if given.kept:
        raise Wrong("The value is right, but parts are kept; add up their counts, one after the other.")
    nothing = sparse.csr_matrix((3, 4), dtype=np.int8)
    empty = np.asarray(call(answer, iter([(nothing, nothing)])), dtype=float)
    if empty.shape != () or empty != 0:
        raise Wrong("It is right, except where there is nothing to find and nothing claimed: return 0 there.")


def _f1(truth: NDArray[Any], claims: NDArray[Any], axis: int | None = None) -> Any:
    tp, both = (truth * claims).sum(axis=axis), truth.sum(axis=axis) + claims.sum(axis=axis)
    return 2 * tp / np.maximum(both, 1)


@exercise("16.4")
def _workers(answer: Any) -> None:
    n, c, b = 6_000, 0.03, 0.27
    work, best = n * c, 26

    def took(w: float) -> float:
        return b * w + work / w

    values = read_numbers(call(answer, n, c, b), "workers", "seconds")
    root = float(np.sqrt(work / b))
    routes: Routes = {
        "The two are swapped: the number of workers first.": [took(best), best],
        "The workers: this is not a whole number.": [root, ANY],
        "The workers: rounding the root down is not enough; compare the times of the two whole numbers beside it.": [
            int(root),
            ANY,
        ],
        "The workers: take the root of n * c / b.": [round(work / b), ANY],
        "The workers: this is the root upside down.": [np.sqrt(b / work), ANY],
        "The workers: this leaves the seconds per fit out.": [round(np.sqrt(n / b)), ANY],
        "The seconds: this is the work alone; sending takes time, too.": [best, work / best],
        "The seconds: this is the sending alone.": [best, b * best],
        "The seconds: here all workers get the data at once; the question sends to one after the other.": [
            best,
            b + work / best,
        ],
        "The seconds: this is the time of one worker.": [best, took(1)],
        "The seconds: this is what the root would take, which is not a whole number of workers.": [best, took(root)],
    }
    compare(values, {"workers": best, "seconds": took(best)}, routes, tolerance=1e-5)
    for n, c, b, best, reason in (
        (1, 0.1, 5.0, 1, "where sending costs more than all the work, one worker is best, and none is no answer"),
        (21, 0.1, 1.0, 2, "rounding the root is not enough; compare the times of the two whole numbers beside it"),
        (17, 0.1, 1.0, 1, "rounding up the root is not enough; compare the times of the two whole numbers beside it"),
    ):
        values = read_numbers(call(answer, n, c, b), "workers", "seconds")
        if not np.allclose(values, [best, b * best + n * c / best]):
            raise Wrong(f"It is right for many fits, but not for n = {n}, c = {c:g}, b = {b:g}: {reason}.")
