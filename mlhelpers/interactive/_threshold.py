"""The scores of one label under a threshold."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlhelpers._names import check_same_samples
from mlhelpers._scores import check_truth_and_scores
from mlhelpers._validation import real_array
from mlhelpers.interactive._figure import (
    WIDTH,
    InteractiveFigure,
    check_range,
    import_altair,
    line_of_text,
    make_figure,
    number_between,
    slider,
    variable,
)
from mlhelpers.metrics import LabelCounts
from mlhelpers.plotting import BLUE, GREEN, GREY, ORANGE

_RIGHT, _WRONG = GREY, "#D55E00"  # decisions; no curve has these colours


def explore_threshold(
    y_true: ArrayLike, y_score: ArrayLike, *, threshold: float = 0.5, label_name: str = "the label"
) -> InteractiveFigure:
    """Show the scores of one label and a threshold to move, with counts, precision, recall and F1.

    Parameters
    ----------
    y_true : array-like of 0/1, shape (n_samples,)
        Where the label is; once at least it is there, and once not.
    y_score : array-like of shape (n_samples,)
        Probabilities. Four digits of them are kept, rounded up, which changes no comparison with a threshold.
    threshold : float, default=0.5
        Where the slider stands at the start, in whole hundredths; a score *above* it predicts the label.
    label_name : str, default="the label"

    Returns
    -------
    InteractiveFigure
        The four counts at the threshold, and the formulas with these numbers in them.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is asked for above, or their sizes don't match.
    ImportError
        If Altair is not installed.

    Examples
    --------
    >>> explore_threshold([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1], label_name="owl")
    Scores of owl under a threshold of 0.50, which a slider moves: tp 1, fp 1, fn 1, tn 1.
    """
    check_same_samples(y_true=y_true, y_score=y_score)
    y = real_array(y_true, "y_true", ("n_samples",))
    s = real_array(y_score, "y_score", ("n_samples",))
    matrix, columns = check_truth_and_scores(y[:, None], s[:, None])
    truth, scores = matrix[:, 0], columns[:, 0]
    check_range(scores, "y_score", 0, 1)
    if truth.min() == truth.max():
        raise ValueError(f"y_true holds nothing but {truth[0]}; take a label that is there in some samples, not in all")
    threshold, label_name = number_between(threshold, "threshold", 0, 1), line_of_text(label_name, "label_name")
    start = round(100 * threshold)
    if not np.isclose(start, 100 * threshold):
        raise ValueError(f"threshold must be one of 0, 0.01, ..., 1, got {threshold}")
    counts = LabelCounts.from_predictions(
        np.repeat(truth[:, None], 101, axis=1), scores[:, None] > np.arange(101) / 100
    )
    params = [
        slider("threshold", start / 100, 0, 1, 0.01, "threshold"),
        *(variable(f"{k}s", json.dumps(getattr(counts, k).tolist())) for k in ("tp", "fp", "fn", "tn")),
        *(variable(k, f"{k}s[round(100 * threshold)]") for k in ("tp", "fp", "fn", "tn")),
    ]
    lines = [
        "'threshold ' + format(threshold, '.2f') + ': tp ' + tp + ', fp ' + fp + ', fn ' + fn + ', tn ' + tn",
        "'precision = tp / (tp + fp) = ' + tp + ' / (' + tp + ' + ' + fp + ')'"
        " + (tp + fp > 0 ? ' = ' + format(tp / (tp + fp), '.2f') : ', undefined')",
        "'recall = tp / (tp + fn) = ' + tp + ' / (' + tp + ' + ' + fn + ') = ' + format(tp / (tp + fn), '.2f')",
        "'F1 = 2·tp / (2·tp + fp + fn) = ' + 2 * tp + ' / (' + 2 * tp + ' + ' + fp + ' + ' + fn + ') = '"
        " + format(2 * tp / (2 * tp + fp + fn), '.2f')",
    ]
    c = {k: int(getattr(counts, k)[start]) for k in ("tp", "fp", "fn", "tn")}
    description = (
        f"Scores of {label_name} under a threshold of {threshold:.2f}, which a slider moves: "
        f"{', '.join(f'{k} {v}' for k, v in c.items())}."
    )
    rows = [(1, f"{label_name} is there"), (0, f"{label_name} is not there")]
    panels = [*(_score_ticks(scores[truth == y], y, title) for y, title in rows), _measures_by_threshold()]
    return make_figure(panels, params, lines, description)


def _score_ticks(scores: NDArray[np.float64], there: int, title: str) -> Any:
    alt = import_altair()
    marks, n = np.unique(_rounded_up(scores), return_counts=True)
    values = [{"there": there, "score": float(s), "n": int(k)} for s, k in zip(marks, n, strict=True)]
    axis = alt.Axis(labels=not there)  # once under both rows
    x = alt.X("score:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=axis)
    right = "(datum.score > threshold) == (datum.there == 1)"
    colour = alt.condition(right, alt.value(_RIGHT), alt.value(_WRONG))
    opacity = alt.condition(right, alt.value(0.5), alt.value(1))
    base = alt.Chart(alt.Data(values=values), title=title)
    ticks = base.mark_tick(thickness=1.5, size=18).encode(x=x, color=colour, opacity=opacity)
    return (ticks + _threshold_rule()).properties(width=WIDTH, height=24)


def _rounded_up(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return four digits of the scores, on the same side of every threshold of four digits or fewer."""
    nearest = scores.round(4)
    return np.where(nearest < scores, (nearest + 1e-4).round(4), nearest)


def _threshold_rule() -> Any:
    alt = import_altair()
    here = alt.Chart(alt.Data(values=[{}])).transform_calculate(t="threshold")
    return here.mark_rule(color=GREY, strokeDash=[4, 3], strokeWidth=1.5).encode(x="t:Q")


def _measures_by_threshold() -> Any:
    alt = import_altair()
    formulas = {"precision": "TP / (TP + FP)", "recall": "TP / (TP + FN)", "F1": "2 * TP / (2 * TP + FP + FN)"}
    for name, formula in formulas.items():
        for count in ("tp", "fp", "fn"):
            formula = formula.replace(count.upper(), f"{count}s[datum.i]")
        formulas[name] = formula
    grid = alt.Chart(alt.sequence(0, 101, as_="i"))
    base = grid.transform_calculate(t="datum.i / 100", **formulas).transform_fold(list(formulas), as_=["measure", "m"])
    colour = alt.Color("measure:N", scale=alt.Scale(domain=list(formulas), range=[ORANGE, BLUE, GREEN]))
    dash = alt.StrokeDash("measure:N", scale=alt.Scale(domain=list(formulas), range=[[6, 3], [2, 2], [1, 0]]))
    x, y = alt.X("t:Q", title="threshold"), alt.Y("m:Q", title=None, scale=alt.Scale(domain=[0, 1]))
    lines = base.mark_line(strokeWidth=2.5).encode(x=x, y=y, color=colour, strokeDash=dash)
    here = base.transform_filter("datum.i == round(100 * threshold) && isValid(datum.m) && isFinite(datum.m)")
    dots = here.mark_point(filled=True, size=60, opacity=1).encode(x=x, y=y, color=colour)
    return (_threshold_rule() + lines + dots).properties(width=WIDTH, height=120)
