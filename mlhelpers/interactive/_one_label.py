"""What the figures of one label's scores share: its samples checked, its scores as ticks, a threshold over them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlhelpers._names import check_same_samples
from mlhelpers._scores import check_truth_and_scores
from mlhelpers._validation import real_array
from mlhelpers.interactive._figure import WIDTH, check_range, import_altair, number_between
from mlhelpers.labels import MISSING
from mlhelpers.metrics import LabelCounts
from mlhelpers.plotting import GREY

_RIGHT, _WRONG = GREY, "#D55E00"  # decisions; no curve has these colours


def known_samples(
    y_true: ArrayLike, scores: ArrayLike, *, allow_missing: bool, name: str = "y_score"
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Return where one label is there and its scores, for the samples of which that is known; both happen."""
    check_same_samples(**{"y_true": y_true, name: scores})
    y = real_array(y_true, "y_true", ("n_samples",))
    s = real_array(scores, name, ("n_samples",))
    matrix, columns = check_truth_and_scores(y[:, None], s[:, None], allow_missing=allow_missing, name=name)
    known = matrix[:, 0] != MISSING
    truth = matrix[known, 0]
    if len(np.unique(truth)) < 2:
        found = f"nothing but {truth[0]}" if len(truth) else "no known label"
        raise ValueError(f"y_true holds {found}; take a label that is there in some samples, not in all")
    return truth, columns[known, 0]


def known_probabilities(
    y_true: ArrayLike, y_score: ArrayLike, *, allow_missing: bool
) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    truth, scores = known_samples(y_true, y_score, allow_missing=allow_missing)
    check_range(scores, "y_score", 0, 1)
    return truth, scores


def hundredths(threshold: Any) -> int:
    """Return how many hundredths a threshold is, if it is one that the slider can stand at."""
    number = number_between(threshold, "threshold", 0, 1)
    whole = round(100 * number)
    if not np.isclose(whole, 100 * number):
        raise ValueError(f"threshold must be one of 0, 0.01, ..., 1, got {number}")
    return whole


def counts_at_hundredths(truth: NDArray[np.int8], scores: NDArray[np.float64]) -> LabelCounts:
    """Return the counts for the thresholds 0, 0.01, ..., 1; a score above a threshold predicts the label."""
    return LabelCounts.from_predictions(np.repeat(truth[:, None], 101, axis=1), scores[:, None] > np.arange(101) / 100)


def score_rows(truth: NDArray[np.int8], scores: NDArray[np.float64], label_name: str) -> list[Any]:
    """Draw the scores of the samples with the label, and under them those of the samples without it."""
    rows = [(1, f"{label_name} is there"), (0, f"{label_name} is not there")]
    return [_score_ticks(scores[truth == y], y, title) for y, title in rows]


def _score_ticks(scores: NDArray[np.float64], there: int, title: str) -> Any:
    alt = import_altair()
    marks, n = np.unique(rounded_up(scores), return_counts=True)
    values = [{"there": there, "score": float(s), "n": int(k)} for s, k in zip(marks, n, strict=True)]
    axis = alt.Axis(labels=not there)  # once under both rows
    x = alt.X("score:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=axis)
    right = "(datum.score > threshold) == (datum.there == 1)"
    colour = alt.condition(right, alt.value(_RIGHT), alt.value(_WRONG))
    opacity = alt.condition(right, alt.value(0.5), alt.value(1))
    base = alt.Chart(alt.Data(values=values), title=title)
    ticks = base.mark_tick(thickness=1.5, size=18).encode(x=x, color=colour, opacity=opacity)
    return (ticks + threshold_rule()).properties(width=WIDTH, height=24)


def rounded_up(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return four digits of the scores, on the same side of every threshold of four digits or fewer."""
    nearest = scores.round(4)
    return np.where(nearest < scores, (nearest + 1e-4).round(4), nearest)


def threshold_rule() -> Any:
    alt = import_altair()
    here = alt.Chart(alt.Data(values=[{}])).transform_calculate(t="threshold")
    return here.mark_rule(color=GREY, strokeDash=[4, 3], strokeWidth=1.5).encode(x="t:Q")
