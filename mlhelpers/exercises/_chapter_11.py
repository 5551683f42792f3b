"""Judges of chapter 11, shipping."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import ANY, Routes, Wrong, call, compare, read_array, read_numbers
from mlhelpers.exercises._register import exercise

_OURS = ["owl", "cat", "dog", "bee"]
_THEIRS = ["bee", "owl", "cat", "dog"]  # ours, turned round by one: its inverse is another order
_SCORES = np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8], [0.9, 0.15, 0.25, 0.35]])


@exercise("11.1")
def _columns_in_our_order(answer: Any) -> None:
    right = [_THEIRS.index(name) for name in _OURS]
    found = read_array(call(answer, _SCORES, _THEIRS, _OURS), "the matrix of scores with its columns in your order")
    if found.shape != _SCORES.shape:
        raise Wrong(f"It returns something of shape {found.shape} for scores of shape {_SCORES.shape}.")
    if not np.array_equal(found, _SCORES[:, right]):
        others: dict[str, Any] = {
            "It returns the scores as they came.": [0, 1, 2, 3],
            "It goes the wrong way: for each of their names it looks for the place in your list.": [
                _OURS.index(name) for name in _THEIRS
            ],
            "It sorts the columns by name; your order is the one of your list.": np.argsort(_THEIRS),
        }
        for message, columns in others.items():
            if np.array_equal(found, _SCORES[:, columns]):
                raise Wrong(message)
        raise Wrong("The columns are not in your order.")
    for theirs, what in (
        (["bee", "owl", "cat", "cow"], "one name of theirs isn't yours"),
        (["bee", "owl", "cat"], "they have a name less"),
        (["bee", "owl", "cat", "dog", "cow"], "they have a name more"),
        (["bee", "owl", "cat", "dog", "dog"], "they have a name twice"),
    ):
        if not _refuses(answer, np.resize(_SCORES, (3, len(theirs))), theirs):
            raise Wrong(f"It raises no ValueError where {what}.")


def _refuses(function: Any, scores: NDArray[Any], theirs: list[str]) -> bool:
    try:
        function(scores.copy(), list(theirs), list(_OURS))
    except ValueError:
        return True
    except Exception:  # another error than the one asked for
        return False
    return False


@exercise("11.2")
def _labels_for_a_recall(answer: Any) -> None:
    positives, rows = 1.96**2 * 0.25 / 0.1**2, 1.96**2 * 0.25 / 0.1**2 / 0.01
    values = read_numbers(answer, "positives", "comments")
    if np.allclose(values, [positives, rows], rtol=0.05):  # also those who round, or take 2 for 1.96
        return
    if np.allclose(values, [4 * positives, 4 * rows], rtol=0.03):
        raise Wrong("This makes the whole interval 0.1 wide; 1.96 standard errors are one side of it.")
    routes: Routes = {
        "The two are swapped: the positives first, then the comments.": [rows, positives],
        "The positives: this makes one standard error 0.1; the question asks for 1.96 of them.": [25, ANY],
        "The positives: this lacks the square of 1.96 or of 0.1.": [1.96 * 0.5 / 0.1, ANY],
        "The comments: this is one positive in ten comments; it is one in a hundred.": [ANY, positives * 10],
        "The comments: as many as there are positives is only enough if each comment carries the label.": [
            ANY,
            positives,
        ],
    }
    near = np.where(np.isclose(values, [positives, rows], rtol=0.03), [positives, rows], values)
    compare(near, {"positives": positives, "comments": rows}, routes, tolerance=0.5)


@exercise("11.3")
def _weighted_recall(answer: Any) -> None:
    rng = np.random.default_rng(11)
    y, q = rng.integers(2, size=60), rng.choice([0.001, 0.004, 0.02], size=60)
    y_pred = np.where(rng.random(60) < 30 * q + 0.2, 1, 0) * rng.integers(2, size=60)
    found = read_numbers(call(answer, y, y_pred, q), "the weighted recall of 60 made rows")

    def recall(w: NDArray[Any]) -> float:
        return float((w * y * y_pred).sum() / (w * y).sum())

    w = 1 / q
    routes: Routes = {
        "This is the recall without weights.": recall(np.ones(60)),
        "It weights by q; a row that was more likely to be drawn must count less.": recall(q),
        "It weights by the root of 1/q; each row counts 1/q.": recall(np.sqrt(w)),
        "It weights by 1 - q; each row counts 1/q.": recall(1 - q),
        "This is the weighted precision; recall is divided by the positives.": float(
            (w * y * y_pred).sum() / (w * y_pred).sum()
        ),
        "This is the weighted accuracy; recall looks at the positives alone.": float(
            (w * (y == y_pred)).sum() / w.sum()
        ),
        "It weights only above the line; weight the positives below it as well.": float(
            (w * y * y_pred).sum() / y.sum()
        ),
        "It divides by all rows; recall is divided by the positives.": float((w * y * y_pred).sum() / w.sum()),
    }
    compare(found, {"the weighted recall of 60 made rows": recall(w)}, routes, tolerance=1e-4)


@exercise("11.4")
def _alarm(answer: Any) -> str:
    """Judge an alarm by how often it rings: without a change, after one up, and after one down."""
    for factor, what in ((4, "much more frequent"), (0.1, "much rarer")):
        rng = np.random.default_rng(1000)
        k, k_ref = rng.binomial(800, _RATES), rng.binomial(800, _RATES)
        k[-6] = round(factor * _RATES[-6] * 800)
        if not _bells(answer, k, 800, k_ref, 800)[-6]:
            raise Wrong(f"It doesn't ring for a label that got {what}.")
    if _false_alarms(answer, n_ref=16_000) > 0.2:
        raise Wrong("It rings in many of the batches in which nothing has changed; 20 labels are 20 chances.")
    false = _false_alarms(answer, n_ref=800)
    if false > 0.16:
        raise Wrong(
            "With a reference as small as the batch it rings in many of the batches in which nothing has changed; the "
            "rate of the reference is uncertain, too."
        )
    return f"it rings in {false:.0%} of 60 made batches in which nothing has changed"


_RATES = np.geomspace(0.01, 0.3, 20)


def _false_alarms(answer: Any, n_ref: int) -> float:
    """Return in which share of batches of 800 rows any label rings, though nothing has changed."""
    rang = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        k, k_ref = rng.binomial(800, _RATES), rng.binomial(n_ref, _RATES)
        rang.append(_bells(answer, k, 800, k_ref, n_ref).any())
    return float(np.mean(rang))


def _bells(answer: Any, *counts: Any) -> NDArray[np.bool_]:
    wanted = "True or False for each label"
    bells = read_array(call(answer, *counts), wanted)
    if bells.shape != _RATES.shape:
        raise Wrong(f"It returns something of shape {bells.shape} for {len(_RATES)} labels; return {wanted}.")
    if not np.isin(bells, (0, 1)).all():
        raise Wrong(f"It returns numbers, maybe p-values; return {wanted}.")
    return bells.astype(bool)
