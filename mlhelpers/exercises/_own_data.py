"""Numbers for each student: drawn from a seed, for exercises whose answer is computed from what is given.

Nothing in here is an answer. Draws are whole numbers from `integers` of `numpy.random.default_rng`, divided afterwards,
so that a seed gives the same numbers on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
DRAWS: dict[str, tuple[Callable[[Rng], dict[str, Any]], str]] = {}


class OwnData(dict[str, Any]):
    """What an exercise is computed from, by name; printed with the question.

    Attributes
    ----------
    question : str
        What to hand in, in the order of the exercise in the chapter.
    """

    def __init__(self, question: str, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.question = question

    def __repr__(self) -> str:
        return "\n".join([self.question, *(f"{name} = {value!r}" for name, value in self.items())])


def data(exercise: str, *, seed: int) -> OwnData:
    """Return a student's own numbers for an exercise.

    Parameters
    ----------
    exercise : str
        Chapter and exercise, as in "06.2"; one with `seeded` in `table`.
    seed : int
        The student's number, from 0. The same seed gives the same data everywhere.

    Returns
    -------
    OwnData
        A dict of numbers, lists and arrays, with the question. ``check(exercise, answer, seed=seed)`` judges the
        answer that is computed from them.

    Raises
    ------
    ValueError
        If the exercise has no such data, or the seed is no whole number from 0.

    Examples
    --------
    >>> data("06.2", seed=7)["best F1 of the label"]
    0.28
    """
    draw, question = DRAWS[checked(exercise, seed)]
    chapter, _, number = exercise.partition(".")
    return OwnData(question, draw(np.random.default_rng([int(seed), int(chapter), int(number)])))


def checked(exercise: Any, seed: Any) -> str:
    """Return the name of an exercise that has data for each student, if the seed is one."""
    if not isinstance(exercise, str) or exercise not in DRAWS:
        raise ValueError(f"exercise {exercise!r} has no data for each student; these have: {', '.join(sorted(DRAWS))}")
    return exercise if checked_seed(seed) >= 0 else ""


def checked_seed(seed: Any) -> int:
    """Return a seed, if it is one."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ValueError(f"seed must be a whole number from 0, the student's own, got {seed!r}")
    return int(seed)


def _draw(exercise: str, question: str) -> Callable[[Callable[[Rng], dict[str, Any]]], None]:
    def register(draw: Callable[[Rng], dict[str, Any]]) -> None:
        DRAWS[exercise] = draw, question

    return register


def _whole(rng: Rng, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`, both included."""
    return int(rng.integers(low, high + 1))


def _labels(rng: Rng, rows: int, percents: list[int]) -> NDArray[np.int8]:
    return (rng.integers(100, size=(rows, len(percents))) < percents).astype(np.int8)


@_draw("00.1", "How many rows of Y show both a 3 and a 7?")
def _pair(rng: Rng) -> dict[str, Any]:
    return {"Y": _labels(rng, 2000, rng.integers(15, 60, 10).tolist())}


@_draw("00.5", "The label matrix of the column: a row for each cell, the columns in alphabetical order.")
def _column(rng: Rng) -> dict[str, Any]:
    words = ["cat", "dog", "sunset", "beach", "snow", "boat", "tree", "rain"]
    column = []
    for _ in range(7):
        tags = [words[j] for j in rng.integers(len(words), size=_whole(rng, 0, 4))]
        tags = [(tag, tag.capitalize(), f" {tag}", f"{tag} ")[_whole(rng, 0, 3)] for tag in tags]
        column.append(",".join(tags) + "," * (_whole(rng, 0, 3) == 0))
    return {"column": column}


@_draw("04.1", "The largest loss of one label with a clip at epsilon, and the positive logit where the gradient ends.")
def _clip(rng: Rng) -> dict[str, Any]:
    return {"epsilon": _whole(rng, 20, 300) / 1000}


@_draw("05.1", "Micro-F1 and macro-F1 of these photos.")
def _photos(rng: Rng) -> dict[str, Any]:
    y_true = _labels(rng, 11, [60, 40, 25])
    y_true[0] = 1
    return {"y_true": y_true, "y_pred": np.where(rng.integers(4, size=y_true.shape) == 0, 1 - y_true, y_true)}


@_draw("05.4", "The constant label set with the highest micro-F1 on Y.")
def _constant_set(rng: Rng) -> dict[str, Any]:
    return {"Y": _labels(rng, 150, rng.integers(10, 60, 10).tolist())}


@_draw("06.1", "The best F1, how many rows its cut claims, and how many rows the cut of the popular two lines claims.")
def _pencil(rng: Rng) -> dict[str, Any]:
    hole = _whole(rng, 1, 4)
    while True:
        truth = [0] * hole + [1] + rng.integers(2, size=10 - hole).tolist()
        tp = np.cumsum(truth)
        twice = sorted(2 * tp / (np.arange(1, 12) + tp[-1]))
        scores = sorted((np.unique(rng.integers(1, 100, size=40))[:11] / 100).tolist(), reverse=True)
        if twice[-1] - twice[-2] > 0.001 and len(scores) == 11:
            return {"scores": scores, "truth": truth}


@_draw("06.2", "Three cuts: for the costs, for macro-F1, for micro-F1.")
def _cuts(rng: Rng) -> dict[str, Any]:
    return {
        "cost of a missed case": _whole(rng, 2, 20),
        "cost of a false alarm": _whole(rng, 1, 10),
        "best F1 of the label": _whole(rng, 20, 80) / 100,
        "best micro-F1 of the model": _whole(rng, 40, 80) / 100,
    }


@_draw("07.1", "The probability behind the network's p, and the cut on the network's own numbers.")
def _weight(rng: Rng) -> dict[str, Any]:
    return {
        "positive weight": _whole(rng, 2, 20),
        "p": _whole(rng, 30, 90) / 100,
        "times that a missed positive costs as much": _whole(rng, 2, 9),
    }


@_draw("07.3", "The expected number of labels; the probability of none if independent, the lowest and the highest.")
def _number_of_labels(rng: Rng) -> dict[str, Any]:
    return {"probabilities": (rng.integers(5, 60, size=3) / 100).tolist()}


@_draw("08.1", "How many positives for a 95 % interval of the recall plus or minus the reach, and how many comments.")
def _positives(rng: Rng) -> dict[str, Any]:
    return {
        "expected recall": _whole(rng, 15, 85) / 100,
        "reach": _whole(rng, 20, 45) / 1000,  # over 200 positives, so that the judge's 1 % has room for rounding
        "frequency of the label": _whole(rng, 20, 200) / 10_000,
    }


@_draw("08.2", "How many times each scene with a 9 must be there for one row in ten, and the fraction of 3s then.")
def _repeated(rng: Rng) -> dict[str, Any]:
    nines = _whole(rng, 20, 80)
    return {
        "scenes": 10_000,
        "scenes with a 9": nines,
        "scenes with a 3": _whole(rng, 1000, 4000),
        "scenes with both": _whole(rng, 3, nines - 3),
    }


@_draw("09.1", "How many p-values below the level are expected, and the probability of at least one.")
def _tests(rng: Rng) -> dict[str, Any]:
    return {"tests": _whole(rng, 8, 60), "level": _whole(rng, 5, 100) / 1000}


@_draw("10.2", "The naive-Bayes weights of great, bus and late, in this order.")
def _words(rng: Rng) -> dict[str, Any]:
    texts = {"with the label": _whole(rng, 6, 12), "without it": _whole(rng, 8, 16)}
    counts = {
        f"texts {side} that have the word": {word: _whole(rng, 0, n) for word in ("great", "bus", "late")}
        for side, n in texts.items()
    }
    return {**{f"texts {side}": n for side, n in texts.items()}, **counts}


@_draw(
    "11.2", "How many positives make 1.96 standard errors of a recall near one half the reach, and how many comments."
)
def _labelled(rng: Rng) -> dict[str, Any]:
    return {"reach": _whole(rng, 40, 150) / 1000, "frequency of the label": _whole(rng, 4, 60) / 1000}


@_draw("12.1", "Subset accuracy and Hamming loss: of the labels above one half, then of the most probable set.")
def _decisions(rng: Rng) -> dict[str, Any]:
    every = (np.arange(8)[:, None] >> np.arange(3)) & 1
    while True:
        sets, parts = every[rng.permutation(8)[:4]], rng.integers(5, 60, size=4)
        first, second = sorted(parts.tolist())[:-3:-1]
        if first > second and (2 * parts @ sets != parts.sum()).all():
            return {"sets": sets, "probabilities": (parts / parts.sum()).tolist()}


@_draw("13.1", "Micro-F1 of the program that predicts every label, on the upper level and on the lower one.")
def _levels(rng: Rng) -> dict[str, Any]:
    return {
        "labels above": _whole(rng, 4, 9),
        "labels of a comment above": _whole(rng, 100, 200) / 100,
        "labels below": _whole(rng, 20, 60),
        "labels of a comment below": _whole(rng, 140, 300) / 100,
    }


@_draw("14.1", "The true precision, and how many of the claims that were read are expected to be right.")
def _recorded(rng: Rng) -> dict[str, Any]:
    recorded = _whole(rng, 30, 70)
    return {
        "share of positives that were recorded": recorded / 100,
        "measured precision": (recorded - _whole(rng, 3, 15)) / 100,
        "claims without a record that were read": 10 * _whole(rng, 20, 90),
    }


@_draw("16.1", "GiB of the dense label matrix in float32, MiB of the CSR one with 4-byte values and indices.")
def _memory(rng: Rng) -> dict[str, Any]:
    return {
        "rows": 1000 * _whole(rng, 100, 900),
        "labels": 1000 * _whole(rng, 20, 80),
        "labels of each row": _whole(rng, 2, 9),
    }
