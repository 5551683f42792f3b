"""Right and wrong answers to the exercises of chapter 15; what holds for every exercise is in `test_exercises`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from judged_answers import (  # noqa: F401 -- pytest finds them here
    pytest_generate_tests,
    test_every_exercise_has_right_and_wrong_answers,
    test_right_answers,
    test_wrong_routes_are_named,
)


def by_pandas(tags, names):
    cells = pd.Series(tags, dtype=object).fillna("").str.strip().str.replace(" *; *", ";", regex=True)
    return by_dummies(cells, names)


def by_pandas_without_spaces(tags, names):
    return by_dummies(pd.Series(tags, dtype=object).fillna("").str.replace(" ", ""), names)


def by_substring(tags, names):
    by_loops(tags, names)  # raises where a tag is unknown
    return np.array([[int(isinstance(cell, str) and name in cell) for name in names] for cell in tags])


def by_counts(tags, names):
    by_loops(tags, names)  # raises where a tag is unknown
    split = [[tag.strip() for tag in cell.split(";")] if isinstance(cell, str) else [] for cell in tags]
    return np.array([[row.count(name) for name in names] for row in split])


def by_dummies(cells, names):
    found = cells.str.get_dummies(";")
    if set(found) - set(names):
        raise ValueError("unknown tag")
    return found.reindex(columns=names, fill_value=0)


def by_loops(tags, names, *, strip=True, order=None, strict=True, empty=None):
    rows = []
    for cell in tags:
        wanted = cell.split(";") if isinstance(cell, str) and cell else []
        wanted = [tag.strip() if strip else tag for tag in wanted]
        if strict and set(wanted) - set(names):
            raise ValueError("unknown tag")
        filled = [int(name in wanted) for name in (order or names)]
        rows.append(filled if wanted or empty is None else [empty] * len(names))
    return np.array(rows)


def raises_key_error(tags, names):
    try:
        return by_loops(tags, names)
    except ValueError as error:
        raise KeyError("dgo") from error


def pixels(Y, boxes, top, left, side, keep=lambda share: share >= 0.5, absent=0):
    """Count the pixels of each square that the window leaves, one by one."""
    found = np.zeros_like(Y)
    for i, j in np.ndindex(*Y.shape):
        first = boxes[:, i, j]
        inside = [top <= r < top + side and left <= c < left + side for r in range(first[0], first[0] + 8)
                  for c in range(first[1], first[1] + 8)]  # fmt: skip
        found[i, j] = keep(np.mean(inside)) if Y[i, j] or absent else 0
    return found


def overlapping(Y, boxes, *window, lowest=0, wider=0, kept=lambda rows, columns: rows * columns >= 32):
    side = window[2] + wider
    rows, columns = (
        np.clip(np.minimum(first + 8, begin + side) - np.maximum(first, begin), lowest, 8)
        for first, begin in zip(boxes, window[:2], strict=True)
    )
    return Y * kept(rows, columns)


def by_loop_peaks(maps, weights, label, *, of=lambda value: value):
    peaks = []
    for one in maps:
        values = {(r, c): of(one[r, c] @ weights[:, label]) for r, c in np.ndindex(*one.shape[:2])}
        peaks.append(max(values, key=values.get))
    return peaks


RIGHT = {
    "15.1": [(0.3, 0.24), [0.3, 0.24], np.array([0.3, 0.24])],
    "15.2": [by_pandas, by_loops, lambda tags, names: by_loops(tags, names).tolist()],
    "15.3": [pixels, overlapping, lambda *a: overlapping(*a).tolist()],
    "15.4": [by_loop_peaks, lambda *a: np.array(by_loop_peaks(*a))],
}
WRONG = [
    ("15.1", (0.24, 0.3), "swapped"),
    ("15.1", (0.2, 0.24), "share that is claimed"),
    ("15.1", (0.06, 0.24), "divide by the claims"),
    ("15.1", (0.3, 0.25), "harmonic"),
    ("15.1", (0.3, 0.12), "the 2 is missing"),
    ("15.1", (0.3, 0.3), "the precision again"),
    ("15.1", (0.3, 0.2), "this is the recall"),
    ("15.1", (0.3, 0.5), "F1: this is another value"),
    ("15.2", lambda tags, names: by_loops(tags, names, order=sorted(names)), "sorted by name"),
    ("15.2", lambda tags, names: by_loops(tags, names, strip=False, strict=False), "strip each tag"),
    ("15.2", lambda tags, names: by_loops(tags, names, empty=1), "all zeros"),
    ("15.2", lambda tags, names: by_loops(tags, names, strict=False), "dropped without a word"),
    (
        "15.2",
        lambda tags, names: by_loops([str(t).replace("; ", ";") if t == t else t for t in tags], names, strip=False),
        "behind a tag",
    ),
    ("15.2", by_pandas_without_spaces, "inside of a tag"),
    ("15.2", by_substring, "inside of 'cats'"),
    ("15.2", by_counts, "given twice"),
    ("15.2", raises_key_error, "this is a KeyError"),
    ("15.2", lambda tags, names: 1 - by_loops(tags, names, empty=1), "another one than the tags say"),
    ("15.2", lambda tags, names: by_loops(tags, names)[:, :2], "shape (6, 2)"),
    ("15.2", lambda tags, names: [cell.split(";") for cell in tags], "it raises AttributeError"),
    ("15.3", lambda Y, *a: pixels(Y, *a, absent=1), "no place"),
    ("15.3", lambda Y, *a: Y, "as they were"),
    ("15.3", lambda Y, *a: pixels(Y, *a, keep=lambda share: share > 0), "any pixel"),
    ("15.3", lambda Y, *a: pixels(Y, *a, keep=lambda share: share == 1), "all of it"),
    ("15.3", lambda Y, *a: pixels(Y, *a, keep=lambda share: share > 0.5), "at least, not more"),
    ("15.3", lambda Y, b, r, c, s: pixels(Y, b, c, r, s), "swapped"),
    ("15.3", lambda Y, *a: 1 - Y, "other labels"),
    ("15.3", lambda Y, *a: Y[0], "shape (3,)"),
    (
        "15.3",
        lambda *a: overlapping(*a, kept=lambda rows, columns: (rows >= 4) & (columns >= 4)),
        "multiply the shares",
    ),
    ("15.3", lambda *a: overlapping(*a, wider=1), "one pixel too large"),
    ("15.3", lambda *a: overlapping(*a, lowest=-20), "below 0 is none"),
    ("15.3", lambda *a: overlapping(*a) * (a[-1] != 9), "under a window of 9 x 9"),
    ("15.4", lambda m, w, j: np.array(by_loop_peaks(m, w, j))[:, ::-1], "the row first"),
    ("15.4", lambda m, w, j: by_loop_peaks(m, np.ones_like(w), j), "features are largest"),
    ("15.4", lambda m, w, j: by_loop_peaks(m, -w, j), "smallest"),
    ("15.4", lambda m, w, j: by_loop_peaks(m, w, j, of=abs), "without the sign"),
    ("15.4", lambda m, w, j: by_loop_peaks(m, w.sum(axis=1, keepdims=True), 0), "one label"),
    ("15.4", lambda m, w, j: by_loop_peaks(m, w, j + 1), "not the peaks"),
    ("15.4", lambda m, w, j: by_loop_peaks(m, w, 0), "the label 0"),
    ("15.4", lambda m, w, j: 2 * np.array(by_loop_peaks(m, w, j)) + 3.5, "looks like pixels"),
    ("15.4", lambda m, w, j: [5 * r + c for r, c in by_loop_peaks(m, w, j)], "unravel_index"),
    ("15.4", lambda m, w, j: np.array(by_loop_peaks(m, w, j)).T, "transposed"),
    ("15.4", lambda m, w, j: np.zeros((3, 3)), "shape (3, 3)"),
]
