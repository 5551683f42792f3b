"""The scores of one label under a threshold, with precision, recall and F1."""

from __future__ import annotations

import json
from typing import Any

from numpy.typing import ArrayLike

from mlhelpers.interactive._figure import (
    WIDTH,
    InteractiveFigure,
    import_altair,
    line_of_text,
    make_figure,
    slider,
    variable,
)
from mlhelpers.interactive._one_label import (
    counts_at_hundredths,
    hundredths,
    known_probabilities,
    score_rows,
    threshold_rule,
)
from mlhelpers.plotting import BLUE, GREEN, ORANGE


def explore_threshold(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    threshold: float = 0.5,
    label_name: str = "the label",
    allow_missing: bool = False,
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
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`, and leave their samples out.

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
    truth, scores = known_probabilities(y_true, y_score, allow_missing=allow_missing)
    label_name, start = line_of_text(label_name, "label_name"), hundredths(threshold)
    counts = counts_at_hundredths(truth, scores)
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
        f"Scores of {label_name} under a threshold of {start / 100:.2f}, which a slider moves: "
        f"{', '.join(f'{k} {v}' for k, v in c.items())}."
    )
    panels = [*score_rows(truth, scores, label_name), _measures_by_threshold()]
    return make_figure(panels, params, lines, description)


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
    return (threshold_rule() + lines + dots).properties(width=WIDTH, height=120)
