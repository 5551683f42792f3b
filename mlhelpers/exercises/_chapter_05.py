"""Judges of chapter 5, micro and macro evaluation."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from mlhelpers.exercises._answers import ANY, Routes, Wrong, call, compare, read_array, read_label_set, read_two
from mlhelpers.exercises._intervals import NARROWER, f1s, judge_interval, middle
from mlhelpers.exercises._register import constant, exercise, scenes
from mlhelpers.metrics import LabelCounts, macro_f1


@exercise("05.1")
def _a_seventh_photo(answer: Any) -> None:
    y_true = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]])
    y_pred = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]])

    def f1s(seventh_true: list[int], seventh_pred: list[int]) -> list[float]:
        y, p = np.vstack([y_true, seventh_true]), np.vstack([y_pred, seventh_pred])
        return [LabelCounts.from_predictions(y, p).f1(average, 0) for average in ("micro", "macro")]

    micro, macro = f1s([0, 0, 1], [0, 0, 1])
    seven = LabelCounts.from_predictions(np.vstack([y_true, [0, 0, 1]]), np.vstack([y_pred, [0, 0, 1]]))
    routes = {
        "The two are swapped: micro first, then macro.": [macro, micro],
        "These are the averages of the six photos; add the seventh.": f1s([0, 0, 0], [0, 0, 0]),
        "Here the owl counts as a miss or as a false alarm; the model says owl, and is right.": f1s(
            [0, 0, 1], [0, 0, 0]
        ),
        "Micro: this divides tp by tp + fp + fn; F1 counts tp twice, above and below.": [seven.jaccard("micro"), ANY],
        "Micro: this is the weighted average; add up the counts first, then divide once.": [seven.f1("weighted"), ANY],
        "Micro: the owl's miss in the fifth photo stays; it belongs below the line.": [6 / 7, ANY],
        "Micro: this is the one of the six photos; it moves, too, if less.": [10 / 13, ANY],
        "Macro: this is the weighted average; each label counts the same.": [ANY, seven.f1("weighted")],
        "Macro: this is the one of the six photos; the owl is found once, so its F1 isn't 0 any more.": [ANY, 1 / 2],
        "Macro: the owl's F1 isn't 1; its miss in the fifth photo stays.": [ANY, (1 + 1 / 2 + 1) / 3],
        "Macro: the F1 of the averages is another number; average the labels' F1.": [
            ANY,
            macro_f1(np.vstack([y_true, [0, 0, 1]]), np.vstack([y_pred, [0, 0, 1]]), kind="f1_of_averages"),
        ],
    }
    compare(answer, {"micro-F1": micro, "macro-F1": macro}, routes)


@exercise("05.2")
def _macro_f1_of_parts(answer: Any) -> None:
    rng = np.random.default_rng(1)
    y = (rng.random((30, 3)) < [0.6, 0.4, 0.15]).astype(np.int8)
    y_pred = np.where(rng.random(y.shape) < 0.75, y, 1 - y)
    cuts = [slice(0, 5), slice(5, 12), slice(12, 30)]
    parts = [(y[cut], y_pred[cut]) for cut in cuts]
    counts = [LabelCounts.from_predictions(*part) for part in parts]
    macros, sizes = [c.f1("macro", 0) for c in counts], [len(y[cut]) for cut in cuts]
    whole = counts[0] + counts[1] + counts[2]
    routes: Routes = {
        "It returns the mean of the parts' macro-F1; add the counts of the parts up first.": np.mean(macros),
        "It returns a mean of the parts weighted by their sizes; F1 is a ratio, and only counts add up.": (
            np.average(macros, weights=sizes)
        ),
        "It returns the micro-F1 of all parts together; the question asks for macro-F1.": whole.f1("micro"),
        "It returns the weighted F1 of all parts together; the question asks for macro-F1.": whole.f1("weighted"),
        "It returns the F1 of the averages; the question asks for the mean of the labels' F1.": macro_f1(
            y, y_pred, kind="f1_of_averages"
        ),
        "It returns the macro-F1 of the last part only.": macros[-1],
        "It returns the macro-F1 of the first part only.": macros[0],
    }
    name = "what the function returns for three made parts"
    found = read_array(call(answer, parts), f"one number, {name}")
    if found.shape == (3,):
        raise Wrong("It returns three numbers, one per label or per part; the question asks for one.")
    compare(found, {name: whole.f1("macro")}, routes, tolerance=1e-6)


@exercise("05.3")
def _weighted_and_micro_precision(answer: Any) -> str:
    wanted = "two label matrices of one shape, the true and the predicted labels"
    parts = [read_array(part, wanted) for part in read_two(answer, wanted)]
    if any(part.ndim != 2 for part in parts):
        raise Wrong("Each of the two is a matrix: one row per sample, one column per label.")
    if parts[0].shape != parts[1].shape or parts[0].size == 0:
        raise Wrong(f"These have the shapes {parts[0].shape} and {parts[1].shape}. The question asks for {wanted}.")
    if not all(np.isin(part, (0, 1)).all() for part in parts):
        raise Wrong("A label matrix holds only 0 and 1.")
    counts = LabelCounts.from_predictions(*(part.astype(int) for part in parts))
    if (counts.tp + counts.fp == 0).any():
        raise Wrong("A label that is never predicted has no precision; predict each of them at least once.")
    if (counts.support == 0).all():
        raise Wrong("No label has positives, so the weights are 0/0; give at least one.")
    weighted, micro = counts.precision("weighted"), counts.precision("micro")
    if np.isclose(weighted, micro):
        raise Wrong(
            f"Both precisions are {micro:.3f} here. The weights are the positives; let a label be predicted more often "
            "or less often than it is there."
        )
    return f"weighted precision is {weighted:.3f}, micro precision {micro:.3f}"


@exercise("05.4")
def _best_constant_by_micro_f1(answer: Any) -> None:
    if isinstance(answer, Integral) and not isinstance(answer, bool):
        raise Wrong("This is one whole number, perhaps the size of the set; hand in the labels in it, as in {3, 7}.")
    Y_test = scenes().Y_test
    chosen, order = read_label_set(answer), np.argsort(-Y_test.mean(axis=0))

    def micro(labels: set[int]) -> float:
        return LabelCounts.from_predictions(Y_test, constant(labels)).f1("micro", 0)

    best = max((set(order[:size].tolist()) for size in range(1, 11)), key=micro)
    if micro(chosen) >= micro(best):
        return
    if not chosen:
        raise Wrong("All zeros have no true positives, so their F1 is 0.")
    if chosen != set(order[: len(chosen)].tolist()):
        raise Wrong(
            f"Its micro-F1 is {micro(chosen):.3f}. Other sets of {len(chosen)} have more true positives at the same "
            "number of predictions."
        )
    raise Wrong(
        f"Its micro-F1 is {micro(chosen):.3f}. The {len(chosen)} most frequent are the best of their size; try other "
        "sizes."
    )


@exercise("05.5")
def _paired_bootstrap(answer: Any) -> str:
    """Judge a function by what it returns for two predictions that agree mostly."""
    rng = np.random.default_rng(2)
    y = (rng.random((400, 3)) < [0.6, 0.3, 0.15]).astype(np.int8)
    worse = np.where(rng.random(y.shape) < 0.75, y, 1 - y)
    better = np.where(rng.random(y.shape) < 0.25, y, worse)
    drawn, others = (rng.multinomial(400, np.full(400, 1 / 400), size=4000) for _ in range(2))
    a, b = (f1s(drawn, y, y_pred, "macro") for y_pred in (better, worse))
    routes = {
        "This is the interval of one prediction's macro-F1; take the difference in every drawing.": lambda: np.stack(
            [middle(a), middle(b)]
        ),
        "This is as wide as if the scenes were drawn for each prediction alone; draw the same for both.": lambda: (
            middle(a - f1s(others, y, worse, "macro"))
        ),
        "This is the interval of the difference in micro-F1; the question asks for macro-F1.": lambda: middle(
            f1s(drawn, y, better, "micro") - f1s(drawn, y, worse, "micro")
        ),
        NARROWER: lambda: middle(a - b, 0.9),
    }
    returned = call(answer, y, better, worse)
    width = judge_interval(returned, a - b, routes, drawn="scenes", compared="prediction", measure="macro-F1")
    return f"for two made predictions it is {width:.3f} wide"
