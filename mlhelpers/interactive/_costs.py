"""A threshold, and what its false alarms and misses cost."""

from __future__ import annotations

import json
from typing import Any

from numpy.typing import ArrayLike

from mlhelpers._validation import whole_number
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

_MOST = 100  # that a mistake can cost


def explore_costs(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    threshold: float = 0.5,
    cost_fp: int = 1,
    cost_fn: int = 5,
    label_name: str = "the label",
    allow_missing: bool = False,
) -> InteractiveFigure:
    """Show what the mistakes of one label cost at every threshold, with a threshold and two costs to move.

    Beside the threshold stand the one that costs least on these samples, and the one that follows from the costs
    alone if a score of 0.8 means that the label is there in 80 % of such samples: c_fp / (c_fp + c_fn) [1]_.

    Parameters
    ----------
    y_true : array-like of 0/1, shape (n_samples,)
        Where the label is; once at least it is there, and once not.
    y_score : array-like of shape (n_samples,)
        Probabilities. Four digits of them are shown, rounded up, which changes no comparison with a threshold.
    threshold : float, default=0.5
        Where the slider stands at the start, in whole hundredths; a score *above* it predicts the label.
    cost_fp, cost_fn : int, default=1 and 5
        What a false alarm and a miss cost at the start, in any unit, from 1 to 100; what is right costs nothing.
    label_name : str, default="the label"
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`, and leave their samples out.

    Returns
    -------
    InteractiveFigure
        The four counts at the threshold, the cost with these numbers in its formula, and what both other thresholds
        cost. All are taken in whole hundredths, as the slider is: the lowest cost is the lowest of these 101, and
        c_fp / (c_fp + c_fn) is rounded to the nearest.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is asked for above, or their sizes don't match.
    ImportError
        If Altair is not installed.

    Notes
    -----
    The lowest cost is the lowest on the very samples by which its threshold was found, so it promises too much.

    References
    ----------
    .. [1] Elkan (2001), "The foundations of cost-sensitive learning", IJCAI, volume 2, pages 973-978.

    Examples
    --------
    >>> explore_costs([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1], label_name="owl")
    Costs of the mistakes with owl at every threshold, where a false alarm costs 1 and a miss 5, which sliders move: \
6 at 0.50, and at least 1, at 0.10.
    """
    truth, scores = known_probabilities(y_true, y_score, allow_missing=allow_missing)
    label_name, start = line_of_text(label_name, "label_name"), hundredths(threshold)
    cost_fp, cost_fn = _cost(cost_fp, "cost_fp"), _cost(cost_fn, "cost_fn")
    counts = counts_at_hundredths(truth, scores)
    costs = (cost_fp * counts.fp + cost_fn * counts.fn).tolist()
    each = [f"c_fp * {fp} + c_fn * {fn}" for fp, fn in zip(counts.fp, counts.fn, strict=True)]
    params = [
        slider("threshold", start / 100, 0, 1, 0.01, "threshold"),
        slider("c_fp", cost_fp, 1, _MOST, 1, "cost of a false alarm, c_fp"),
        slider("c_fn", cost_fn, 1, _MOST, 1, "cost of a miss, c_fn"),
        *(variable(f"{k}s", json.dumps(getattr(counts, k).tolist())) for k in ("tp", "fp", "fn", "tn")),
        variable("costs", f"[{', '.join(each)}]"),
        variable("chosen", "round(100 * threshold)"),
        variable("cheapest", "indexof(costs, extent(costs)[0])"),
        variable("cut", "c_fp / (c_fp + c_fn)"),
        variable("asked", "round(100 * cut)"),
        *(variable(k, f"{k}s[chosen]") for k in ("tp", "fp", "fn", "tn")),
    ]
    lines = [
        "'threshold ' + format(threshold, '.2f') + ': tp ' + tp + ', fp ' + fp + ', fn ' + fn + ', tn ' + tn",
        "'cost = c_fp·fp + c_fn·fn = ' + c_fp + '·' + fp + ' + ' + c_fn + '·' + fn + ' = ' + costs[chosen]",
        "'lowest cost: ' + costs[cheapest] + (lastindexof(costs, costs[cheapest]) > cheapest ? ', first' : ',')"
        " + ' at the threshold ' + format(cheapest / 100, '.2f')",
        "'calibrated: c_fp / (c_fp + c_fn) = ' + c_fp + ' / (' + c_fp + ' + ' + c_fn + ') = ' + format(cut, '.3f')",
        "'cost there, at ' + format(asked / 100, '.2f') + ': ' + costs[asked]"
        " + ', which is ' + (costs[asked] - costs[cheapest]) + ' above the lowest'",
    ]
    description = (
        f"Costs of the mistakes with {label_name} at every threshold, where a false alarm costs {cost_fp} and a miss "
        f"{cost_fn}, which sliders move: {costs[start]} at {start / 100:.2f}, and at least {min(costs)}, "
        f"at {costs.index(min(costs)) / 100:.2f}."
    )
    panels = [*score_rows(truth, scores, label_name), _cost_curves()]
    return make_figure(panels, params, lines, description)


def _cost(value: Any, name: str) -> int:
    cost = whole_number(value, name, least=1)
    if cost > _MOST:
        raise ValueError(
            f"{name} must be at most {_MOST}, got {cost}; only the ratio of both costs moves the threshold"
        )
    return cost


def _cost_curves() -> Any:
    alt = import_altair()
    formulas = {"false alarms": "c_fp * fps[datum.i]", "misses": "c_fn * fns[datum.i]", "total": "costs[datum.i]"}
    grid = alt.Chart(alt.sequence(0, 101, as_="i"))
    base = grid.transform_calculate(t="datum.i / 100", **formulas).transform_fold(list(formulas), as_=["part", "cost"])
    colour = alt.Color("part:N", scale=alt.Scale(domain=list(formulas), range=[ORANGE, BLUE, GREEN]))
    dash = alt.StrokeDash("part:N", scale=alt.Scale(domain=list(formulas), range=[[6, 3], [2, 2], [1, 0]]))
    # The plot keeps its place where the numbers at its axis get longer.
    y_axis = alt.Axis(minExtent=30, maxExtent=30, tickCount=4, labelExpr="format(datum.value, '~s')")
    x, y = alt.X("t:Q", title="threshold"), alt.Y("cost:Q", title=None, axis=y_axis)
    curves = base.mark_line(strokeWidth=2.5).encode(x=x, y=y, color=colour, strokeDash=dash)
    places = {"chosen": "threshold", "cheapest": "lowest", "asked": "calibrated"}
    rows = [{"what": name} for name in places.values()]
    chosen, cheapest, asked = places
    i = f"datum.what == '{places[chosen]}' ? {chosen} : datum.what == '{places[cheapest]}' ? {cheapest} : {asked}"
    marked = alt.Chart(alt.Data(values=rows)).transform_calculate(i=i, t="datum.i / 100", cost="costs[datum.i]")
    shapes = alt.Scale(domain=list(places.values()), range=["circle", "triangle-up", "diamond"])
    shape = alt.Shape("what:N", scale=shapes, legend=alt.Legend(orient="bottom", symbolSize=90))
    points = marked.mark_point(filled=True, size=90, opacity=1, color="black").encode(x=x, y=y, shape=shape)
    return (threshold_rule() + curves + points).properties(width=WIDTH, height=150)
