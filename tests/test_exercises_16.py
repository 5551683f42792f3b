"""Right and wrong answers to the exercises of chapter 16; what holds for every exercise is in `test_exercises`."""

from __future__ import annotations

import re

import numpy as np
from judged_answers import (  # noqa: F401 -- pytest finds them here
    pytest_generate_tests,
    test_every_exercise_has_right_and_wrong_answers,
    test_right_answers,
    test_wrong_routes_are_named,
)
from scipy import sparse
from sklearn.metrics import f1_score, jaccard_score, precision_score, recall_score

from mlhelpers.exercises import check
from mlhelpers.metrics import LabelCounts

GIB, MIB = 300_000 * 50_000 / 2**28, (300_000 * 4 * 5 + 300_001 * 4) / 2**20


def best_by(key, *, keep=lambda x: True):
    """Return a function that keeps the k first of each row's stored cells in the order of a key, by plain Python."""

    def best(S, k):
        cells = []
        for i in range(S.shape[0]):
            stored = range(S.indptr[i], S.indptr[i + 1])
            cells += [(i, at) for at in sorted(stored, key=lambda at: key(S.data[at]))[:k] if keep(S.data[at])]
        return built(S, cells)

    return best


def built(S, cells, of=lambda x: x):
    data = np.array([of(S.data[at]) for _, at in cells], dtype=float)
    rows, columns = [i for i, _ in cells], [S.indices[at] for _, at in cells]
    return sparse.csr_matrix((data, (rows, columns)), S.shape)


BEST = best_by(lambda x: -x)


def by_row(S, k):
    """Take SciPy's own rows, and give a CSR array."""
    rows = []
    for i in range(S.shape[0]):
        row = S.getrow(i).tocoo()
        order = np.argsort(row.data)[::-1][:k]
        rows.append(sparse.csr_array((row.data[order], (0 * order, row.col[order])), (1, S.shape[1])))
    return sparse.csr_array(sparse.vstack(rows))


def of_all(S, k):
    cells = [(i, at) for i in range(S.shape[0]) for at in range(S.indptr[i], S.indptr[i + 1])]
    return built(S, sorted(cells, key=lambda cell: -S.data[cell[1]])[:k])


def padded(S, k):
    found = BEST(S, k).tolil()
    coo = found.tocoo()
    rows, columns, data = [*coo.row, 3], [*coo.col, 0], [*coo.data, 0.0]
    return sparse.csr_matrix((data, (rows, columns)), S.shape)


def always_three(S, k):
    return BEST(S, 3)


def stacked(parts):
    return (sparse.vstack(side).toarray() for side in zip(*parts, strict=True))


def scored(score, **options):
    return lambda parts: score(*stacked(parts), zero_division=0, **options)


def by_counts(parts):
    return sum(LabelCounts.from_predictions(Y, P) for Y, P in parts).f1("micro", zero_division=0)


def mean_of_parts(parts):
    return np.mean([f1_score(Y.toarray(), P.toarray(), average="micro", zero_division=0) for Y, P in parts])


def of_part(at):
    def found(parts):
        Y, P = list(parts)[at]
        return f1_score(Y.toarray(), P.toarray(), average="micro", zero_division=0)

    return found


def by_next(parts):
    hits = both = 0
    while (part := next(parts, None)) is not None:
        hits += part[0].multiply(part[1]).nnz
        both += part[0].nnz + part[1].nnz
    return 2 * hits / both if both else 0


def read_twice(parts):
    hits = sum(Y.multiply(P).sum() for Y, P in parts)
    both = sum(Y.sum() + P.sum() for Y, P in parts)
    return 2 * hits / both if both else 0.0


def ratio(of):
    def found(parts):
        Y, P = stacked(parts)
        return of((Y * P).sum(), Y.sum() + P.sum(), (Y != P).sum())

    return found


def undivided(parts):
    value = by_counts(parts)
    return value or float("nan")


def tried(n, c, b):
    """Try every number of workers."""
    return min((b * w + n * c / w, w) for w in range(1, 2000))[::-1]


def by_root(rounded):
    def found(n, c, b):
        w = rounded(np.sqrt(n * c / b))
        return w, b * w + (n * c / w if w else 0)

    return found


def told(of):
    return lambda n, c, b: of(n * c, b, *tried(n, c, b))


RIGHT = {
    "16.1": [(GIB, MIB), [55.9, 6.9], np.array([55.9, 6.87])],
    "16.2": [BEST, by_row],
    "16.3": [by_counts, by_next, lambda parts: np.float32(by_counts(parts))],
    "16.4": [tried, lambda n, c, b: np.array(tried(n, c, b))],
}
WRONG = [
    ("16.1", (MIB, GIB), "swapped"),
    ("16.1", (2 * GIB, MIB), "float64"),
    ("16.1", (GIB / 4, MIB), "one byte a cell"),
    ("16.1", (60, MIB), "where a GiB has 1024"),
    ("16.1", (GIB * 1024, MIB), "these are MiB"),
    ("16.1", (GIB, 1.2e6 / 2**20), "values alone"),
    ("16.1", (GIB, 6e6 / 2**20), "row starts"),
    ("16.1", (GIB, (9.6e6 + 1_200_004) / 2**20), "these have 4"),
    ("16.1", (GIB, 7.2), "where a MiB has 1024"),
    ("16.1", (GIB, 3.3), "MiB as CSR: this is another value"),
    ("16.1", (3.3, MIB), "GiB dense: this is another value"),
    ("16.2", best_by(lambda x: x), "lowest"),
    ("16.2", best_by(lambda x: -abs(x)), "absolute value"),
    ("16.2", best_by(lambda x: -x, keep=bool), "loses the stored 0"),
    ("16.2", best_by(lambda x: -x, keep=lambda x: x >= 0), "leaves out negative scores"),
    ("16.2", best_by(lambda x: -x, keep=lambda x: x > 0), "not above 0"),
    ("16.2", best_by(lambda x: 0), "first stored cells"),
    ("16.2", lambda S, k: BEST(S, k) * 2, "not their scores"),
    ("16.2", lambda S, k: S, "Some rows keep more than 3"),
    ("16.2", padded, "more cells than there are"),
    ("16.2", of_all, "best of the whole matrix"),
    ("16.2", lambda S, k: BEST(S, k - 1), "not the highest"),
    ("16.2", always_three, "not for k = 1"),
    ("16.2", lambda S, k: BEST(S, k).tocsc(), "in the form csc"),
    ("16.2", lambda S, k: BEST(S, k)[:, :6], "all columns stay"),
    ("16.2", lambda S, k: BEST(S, k).toarray(), "asks for a CSR matrix"),
    ("16.2", lambda S, k: sparse.csr_matrix(np.sort(S.toarray())[:, -k:]), "was made dense"),
    ("16.2", 3, "asks for a function"),
    ("16.3", mean_of_parts, "mean of the parts"),
    ("16.3", of_part(-1), "last part"),
    ("16.3", of_part(0), "first part"),
    ("16.3", scored(f1_score, average="macro"), "macro-F1"),
    ("16.3", scored(f1_score, average="samples"), "mean over rows"),
    ("16.3", scored(precision_score, average="micro"), "This is precision"),
    ("16.3", scored(recall_score, average="micro"), "This is recall"),
    ("16.3", ratio(lambda tp, both, wrong: 2 * tp / wrong), "FP + FN"),
    ("16.3", ratio(lambda tp, both, wrong: tp / both), "twice TP"),
    ("16.3", scored(jaccard_score, average="micro"), "Jaccard"),
    ("16.3", read_twice, "only once"),
    ("16.3", scored(f1_score, average="micro"), "parts are kept"),
    ("16.3", undivided, "nothing to find"),
    ("16.3", lambda parts: 0.123, "another value"),
    ("16.3", 0.5, "asks for a function"),
    ("16.4", told(lambda work, b, w, s: (s, w)), "swapped"),
    ("16.4", lambda n, c, b: (np.sqrt(n * c / b), 2 * np.sqrt(n * c * b)), "not a whole number."),
    ("16.4", told(lambda work, b, w, s: (round(work / b), s)), "take the root"),
    ("16.4", told(lambda work, b, w, s: (np.sqrt(b / work), s)), "upside down"),
    ("16.4", lambda n, c, b: (round(np.sqrt(n / b)), tried(n, c, b)[1]), "seconds per fit"),
    ("16.4", told(lambda work, b, w, s: (w, work / w)), "work alone"),
    ("16.4", told(lambda work, b, w, s: (w, b * w)), "sending alone"),
    ("16.4", told(lambda work, b, w, s: (w, b + work / w)), "all workers get"),
    ("16.4", told(lambda work, b, w, s: (w, b + work)), "time of one worker"),
    ("16.4", told(lambda work, b, w, s: (w, 2 * np.sqrt(work * b))), "what the root would take"),
    ("16.4", by_root(round), "one worker is best"),
    ("16.4", by_root(lambda x: max(1, round(x))), "rounding the root"),
    ("16.4", by_root(lambda x: int(np.ceil(x))), "rounding up"),
    ("16.4", by_root(int), "rounding the root down"),
    ("16.4", told(lambda work, b, w, s: (w, 3 * s)), "Seconds: this is another value"),
    ("16.4", 26, "asks for a function"),
]


def test_no_message_gives_the_number_away():
    for exercise, answer, _ in WRONG:
        if exercise in ("16.1", "16.4"):
            numbers = re.findall(r"\d+(?:\.\d+)?", check(exercise, answer).message.replace(",", ""))
            assert not any(np.isclose(float(n), [GIB, MIB, 26, 13.943], rtol=0.01).any() for n in numbers)
