"""Right and wrong answers to the exercises of chapter 17; what holds for every exercise is in `test_exercises`."""

from __future__ import annotations

import re
from statistics import harmonic_mean

import numpy as np
from judged_answers import (  # noqa: F401 -- pytest finds them here
    pytest_generate_tests,
    test_every_exercise_has_right_and_wrong_answers,
    test_right_answers,
    test_wrong_routes_are_named,
)
from sklearn.metrics import f1_score

from mlhelpers.exercises import check
from mlhelpers.metrics import LabelCounts


def by_statistics(precision, recall, f1):
    gap = f1 - harmonic_mean([precision, recall])
    return "harmonic" if abs(gap) < 0.0015 else ("mean" if gap < 0 else "neither")


def swapped(precision, recall, f1):
    return {"mean": "neither", "neither": "mean"}.get(kind := by_statistics(precision, recall, f1), kind)


def plain_mean(precision, recall, f1):
    gap = f1 - (precision + recall) / 2
    return "harmonic" if abs(gap) < 0.01 else ("mean" if gap < 0 else "neither")


def divides(precision, recall, f1):
    gap = f1 - 2 * precision * recall / (precision + recall)
    return "harmonic" if abs(gap) <= 0.001 else ("mean" if gap < 0 else "neither")


def narrow(precision, recall, f1):
    gap = f1 - harmonic_mean([precision, recall])
    return "harmonic" if abs(gap) <= 0.001 else ("mean" if gap < 0 else "neither")


def zero_is_harmonic(precision, recall, f1):
    return by_statistics(precision, recall, f1) if precision + recall else "harmonic"


def coarse(precision, recall, f1):
    gap = f1 - harmonic_mean([precision, recall])
    return "harmonic" if abs(gap) < 0.01 else ("mean" if gap < 0 else "neither")


def macro(Y, said, value):
    return f1_score(Y, said, average="macro", zero_division=value)


def by_sklearn(Y, said):
    return [macro(Y, said, 0), macro(Y, said, 1)]


def by_counts(Y, said):
    counts = LabelCounts.from_predictions(Y, said)
    values = [counts.f1("macro", value) for value in (0, 1, np.nan)]
    return min(values), max(values)


def left_out_is_highest(Y, said):
    return macro(Y, said, 0), macro(Y, said, np.nan)


def left_out_is_lowest(Y, said):
    return macro(Y, said, np.nan), macro(Y, said, 1)


def without_positives(Y, said):
    there = Y.any(axis=0)
    total = sum(f1_score(Y[:, j], said[:, j]) for j in np.flatnonzero(there))
    return total / len(there), (total + (~there).sum()) / len(there)


def only_if_undefined(Y, said):
    """Count labels for the highest as if there were always one without an F1."""
    low = macro(Y, said, 0)
    undefined = max(1, int((Y.any(axis=0) | said.any(axis=0)).sum() < Y.shape[1]) * 2)
    return low, low + undefined / Y.shape[1]


RIGHT = {
    "17.1": [by_statistics, lambda p, r, f: by_statistics(p, r, f).upper()],
    "17.2": [by_sklearn, by_counts, lambda Y, said: np.array(by_sklearn(Y, said))],
    "17.3": [(395.92, 1583.68), [396, 1584], np.array([400, 1600])],
    "17.4": [lambda coverage, n: coverage * n + 1, lambda coverage, n: np.float64(1 + n * coverage)],
}
WRONG = [
    ("17.1", swapped, "swapped"),
    ("17.1", plain_mean, "the plain mean of precision and recall"),
    ("17.1", coarse, "three thousandths above"),
    ("17.1", narrow, "rounding alone"),
    ("17.1", zero_is_harmonic, "and the F1 isn't"),
    ("17.1", lambda p, r, f: "harmonic", "two points below"),
    ("17.1", lambda p, r, f: "mean", "is the harmonic mean, rounded"),
    ("17.1", divides, "both 0 there"),
    ("17.1", lambda p, r, f: 2 * p * r / max(p + r, 1e-9), "one of the texts"),
    ("17.1", "mean", "asks for a function"),
    ("17.2", lambda Y, said: by_sklearn(Y, said)[::-1], "swapped"),
    ("17.2", left_out_is_highest, "not the highest"),
    ("17.2", left_out_is_lowest, "not the lowest"),
    ("17.2", without_positives, "without ever occurring"),
    ("17.2", lambda Y, said: [f1_score(Y, said, average="micro")] * 2, "micro-F1s"),
    ("17.2", only_if_undefined, "must be equal"),
    ("17.2", lambda Y, said: [0.0, 1.0], "another value"),
    ("17.2", lambda Y, said: macro(Y, said, 0), "two things"),
    ("17.2", (0.2, 0.4), "asks for a function"),
    ("17.3", (1583.68, 395.92), "swapped"),
    ("17.3", (1583.7, 6334.7), "whole width"),
    ("17.3", (282.8, 565.6), "square root"),
    ("17.3", (239.0, 338.0), "the root where a square"),
    ("17.3", (193.9, 1381.7), "rows to add"),
    ("17.3", (396, 800), "Rows for 0.01: this is another value"),
    ("17.3", [396], "2 numbers"),
    ("17.4", lambda coverage, n: coverage * n, "counted from 0"),
    ("17.4", lambda coverage, n: coverage + 1, "forgets the division"),
    ("17.4", lambda coverage, n: (coverage + 1) * n, "undo the last step"),
    ("17.4", lambda coverage, n: coverage * n - 1, "has lost it"),
    ("17.4", lambda coverage, n: (coverage - 1) / n, "wrong way"),
    ("17.4", lambda coverage, n: coverage * (n - 1) + 1, "less one"),
    ("17.4", lambda coverage, n: 7.0, "another value than"),
    ("17.4", 7.244, "asks for a function"),
]


def test_no_message_gives_the_number_away():
    for exercise, answer, _ in WRONG:
        if exercise == "17.3":
            told = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", check(exercise, answer).message.replace(",", ""))]
            assert not np.isclose(told, 396, rtol=0.02).any()
            assert not np.isclose(told, 1584, rtol=0.02).any()
