"""Judges of chapter 17, beside published numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from mlhelpers.exercises._answers import Routes, Wrong, call, compare, read_numbers, read_two
from mlhelpers.exercises._register import exercise

_KINDS = ("harmonic", "mean", "neither")


@exercise("17.1")
def _which_f1_it_can_be(answer: Any) -> None:
    cases = (
        ((0.6, 0.5, 0.545), "harmonic", "where the F1 is the harmonic mean, rounded to three decimals"),
        ((0.575, 0.396, 0.45), "mean", "where the F1 is two points below the harmonic mean"),
        ((0.9, 0.1, 0.3), "neither", "where the F1 lies above the harmonic mean, but below the plain mean"),
        ((0.9, 0.1, 0.18), "harmonic", "where precision and recall are far apart"),
        ((0.4, 0.63, 0.492), "neither", "where the F1 is three thousandths above the harmonic mean"),
        ((0.4, 0.63, 0.486), "mean", "where the F1 is three thousandths below the harmonic mean"),
        ((0.9, 0.054, 0.103), "harmonic", "where rounding alone moves the F1 by more than a thousandth"),
        ((0.0, 0.0, 0.0), "harmonic", "where precision, recall and F1 are all 0"),
        ((0.0, 0.0, 0.1), "neither", "where precision and recall are 0 and the F1 isn't"),
    )
    found = [_kind(_call(answer, printed)) for printed, _, _ in cases]
    right = [kind for _, kind, _ in cases]
    by_plain_mean = {2: "mean", 4: "mean", 5: "mean", 7: "harmonic"}
    if all(found[place] == kind for place, kind in by_plain_mean.items()):
        raise Wrong("It seems to compare with the plain mean of precision and recall; compare with the harmonic mean.")
    if found == [{"mean": "neither", "neither": "mean"}.get(kind, kind) for kind in right]:
        raise Wrong('"mean" and "neither" are swapped: a mean of F1s is never above the harmonic mean.')
    for kind, wanted, (_, _, where) in zip(found, right, cases, strict=True):
        if kind != wanted:
            raise Wrong(f'It returns "{kind}" {where}.')


def _call(answer: Any, printed: tuple[float, float, float]) -> Any:
    try:
        return call(answer, *printed)
    except Wrong as wrong:
        if any(printed[:2]) or not callable(answer):
            raise
        raise Wrong(f"{wrong} Precision and recall are both 0 there.") from None


def _kind(returned: Any) -> str:
    if not isinstance(returned, str) or returned.strip().lower() not in _KINDS:
        raise Wrong('It must return one of the texts "harmonic", "mean" and "neither".')
    return returned.strip().lower()


@exercise("17.2")
def _lowest_and_highest_macro_f1(answer: Any) -> None:
    rng = np.random.default_rng(17)
    Y, said = (rng.random((2, 30, 6)) < 0.3).astype(int)
    Y[:, :3] = said[:, :3] = 0  # nobody has these three
    said[:4, 2] = 1  # named, and never right: an F1 of 0, and defined
    bounds = [_macro(Y, said, value) for value in (0.0, 1.0)]
    found = _pair(answer, Y, said)
    left_out = float(np.mean([f1_score(Y[:, j], said[:, j]) for j in range(2, 6)]))
    positive = Y.any(axis=0)
    routes: Routes = {
        "The two are swapped: the lowest first.": bounds[::-1],
        "The highest: leaving such labels out is not the highest; counting them 1 is.": [bounds[0], left_out],
        "The lowest: leaving such labels out is not the lowest; counting them 0 is.": [left_out, bounds[1]],
        "It calls each label without positives undefined; one that is named without ever occurring has an F1 of 0.": [
            _macro(Y[:, positive], said[:, positive], 0.0) * positive.mean(),
            _macro(Y[:, positive], said[:, positive], 0.0) * positive.mean() + 1 - positive.mean(),
        ],
        "These are micro-F1s; average the F1s of the labels.": [f1_score(Y, said, average="micro")] * 2,
    }
    compare(found, {"lowest": bounds[0], "highest": bounds[1]}, routes, tolerance=1e-6)
    plain = (rng.random((2, 40, 3)) < 0.5).astype(int)
    same = _macro(plain[0], plain[1], 0.0)
    if not np.allclose(_pair(answer, *plain), same):
        raise Wrong("Where every label has an F1, the two must be equal.")


def _pair(answer: Any, Y: NDArray[Any], said: NDArray[Any]) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        pair = read_two(call(answer, Y, said), "the lowest and the highest macro-F1")
    return read_numbers(list(pair), "lowest", "highest")


def _macro(Y: NDArray[Any], said: NDArray[Any], undefined: float) -> float:
    return float(f1_score(Y, said, average="macro", zero_division=undefined))


@exercise("17.3")
def _rows_for_a_difference(answer: Any) -> None:
    rows, width = 202, 0.056
    right = [rows * (width / 2 / difference) ** 2 for difference in (0.02, 0.01)]
    values = read_numbers(answer, "rows for 0.02", "rows for 0.01")
    routes: Routes = {
        "The two are swapped: first for the larger difference.": right[::-1],
        "This compares the difference with the whole width; zero lies at the end of half of it.": [
            rows * (width / difference) ** 2 for difference in (0.02, 0.01)
        ],
        "The width doesn't shrink with the number of rows, but with its square root.": [
            rows * width / 2 / difference for difference in (0.02, 0.01)
        ],
        "This takes the root where a square belongs.": [
            rows * (width / 2 / difference) ** 0.5 for difference in (0.02, 0.01)
        ],
        "These are the rows to add; the question asks for all of them.": [value - rows for value in right],
    }
    for message, route in routes.items():
        if np.allclose(values, np.asarray(route, dtype=float), rtol=0.03):
            raise Wrong(message)
    if not np.allclose(values, right, rtol=0.03):  # also those who round
        compare(values, {"rows for 0.02": right[0], "rows for 0.01": right[1]}, {}, tolerance=1)


@exercise("17.4")
def _coverage_as_in_scikit_learn(answer: Any) -> None:
    cases = [(0.446, 14), (0.062, 6), (0.0, 5)]
    found = np.array([read_numbers(call(answer, *case), "coverage error")[0] for case in cases])
    printed, n_labels = np.array(cases).T
    others = {
        "It multiplies, but forgets that the rank was counted from 0.": printed * n_labels,
        "It adds the one, but forgets the division by the number of labels.": printed + 1,
        "It adds one before it multiplies; undo the last step first.": (printed + 1) * n_labels,
        "It subtracts one; the printed value has lost it already.": printed * n_labels - 1,
        "It goes the wrong way: it makes the printed value smaller.": (printed - 1) / n_labels,
        "It multiplies by the number of labels less one; the division was by all of them.": printed * (n_labels - 1)
        + 1,
    }
    if not np.allclose(found, printed * n_labels + 1, atol=0.005):
        for message, values in others.items():
            if np.allclose(found, values, atol=0.005):
                raise Wrong(message)
        raise Wrong("That is another value than scikit-learn's.")
