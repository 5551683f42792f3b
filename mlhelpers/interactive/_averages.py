"""Micro- and macro-F1 as areas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from mlhelpers._validation import whole_number
from mlhelpers.interactive._figure import (
    WIDTH,
    InteractiveFigure,
    different_names,
    import_altair,
    make_figure,
    slider,
    variable,
)
from mlhelpers.metrics import LabelCounts
from mlhelpers.plotting import BLUE, ORANGE


def explore_averages(
    counts: LabelCounts, label: int = -1, *, label_names: Iterable[str] | None = None
) -> InteractiveFigure:
    """Show micro- and macro-F1 as areas, while one label gets better, worse, rarer or more frequent.

    In both, each label's bar is as high as its F1. For macro-F1 all are equally wide, for micro-F1
    as wide as the label's positives plus its predictions; the average is the mean height.

    Where a label gets more frequent, its hits and misses grow together, as they do for a classifier that finds the
    same share of them. The samples without the label stay, and with them its false positives. So recall stays, and
    precision and F1 move with the label's frequency.

    Parameters
    ----------
    counts : LabelCounts
        Of two labels or more, each with a positive at least.
    label : int, default=-1
        The label that moves.
    label_names : sequence of str, optional
        One per label, all different; their positions by default.

    Returns
    -------
    InteractiveFigure
        One slider for how many positives of the label are found, and one for how many times as many positives
        there are, from a tenth to ten times, which leaves expected counts that are not whole; the label's
        precision and recall, and the formulas with their numbers.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is asked for above, or their sizes don't match.
    ImportError
        If Altair is not installed.

    Examples
    --------
    >>> from mlhelpers.metrics import LabelCounts
    >>> counts = LabelCounts(tp=[40, 1], fp=[2, 0], fn=[2, 3], tn=[56, 96])
    >>> explore_averages(counts, label_names=["beach", "owl"])
    Micro-F1 0.921 and macro-F1 0.676 of 2 labels, as areas; sliders move how often owl is there and found.
    """
    if not isinstance(counts, LabelCounts):
        raise TypeError(f"counts must be LabelCounts, got {type(counts).__name__}; use LabelCounts.from_predictions")
    if counts.n_labels < 2 or counts.support.min() == 0:
        raise ValueError(
            f"counts has {counts.n_labels} labels with {counts.support.tolist()} positives; "
            "expected two labels or more, each with a positive at least"
        )
    label = whole_number(label, "label", least=-counts.n_labels)
    if label >= counts.n_labels:
        raise ValueError(f"label is {label}, but there are {counts.n_labels} labels")
    label %= counts.n_labels
    names = different_names(label_names, counts.n_labels)
    found, n, name = int(counts.tp[label]), int(counts.support[label]), names[label]
    moved = {"tp": "times * found", "fn": f"times * ({n} - found)"}
    params = [
        slider("found", found, 0, n, 1, f"found, of each {n} with {name}"),
        slider("times", 1, 0.1, 10, 0.1, f"number of samples with {name}, times"),
    ]
    for k in ("tp", "fp", "fn"):
        values = [moved[k] if k in moved and i == label else str(v) for i, v in enumerate(getattr(counts, k))]
        params += [variable(f"{k}s", f"[{', '.join(values)}]"), variable(k, " + ".join(f"({v})" for v in values))]
    f1 = [f"2 * tps[{i}] / (2 * tps[{i}] + fps[{i}] + fns[{i}])" for i in range(counts.n_labels)]
    params += [
        variable("f1s", f"[{', '.join(f1)}]"),
        variable("others", " + ".join(f"f1s[{i}]" for i in range(counts.n_labels) if i != label)),
        variable("macro", f"(others + f1s[{label}]) / {counts.n_labels}"),
        variable("micro", "2 * tp / (2 * tp + fp + fn)"),
    ]
    j = f"[{label}]"
    tp, fp, fn = (f"format({k}s{j}, '.1~f')" for k in ("tp", "fp", "fn"))
    sums = [f"format({k}, '.1~f')" for k in ("tp", "fp", "fn")]
    lines = [
        f"{json.dumps(f'F1 of {name} = 2·')} + {tp} + ' / (2·' + {tp} + ' + ' + {fp} + ' + ' + {fn} + ') = '"
        f" + format(f1s{j}, '.3f')",
        f"'its recall ' + format(tps{j} / (tps{j} + fns{j}), '.3f') + ', its precision '"
        f" + (tps{j} + fps{j} > 0 ? format(tps{j} / (tps{j} + fps{j}), '.3f') : 'undefined')",
        f"'macro-F1 = (' + format(others, '.3f') + ' + ' + format(f1s{j}, '.3f') + ') / {counts.n_labels} = '"
        " + format(macro, '.3f')",
        f"'micro-F1 = 2·' + {sums[0]} + ' / (2·' + {sums[0]} + ' + ' + {sums[1]} + ' + ' + {sums[2]} + ') = '"
        " + format(micro, '.3f')",
    ]
    panels = [_f1_areas(names, label, average) for average in ("macro", "micro")]
    description = (
        f"Micro-F1 {counts.f1('micro'):.3f} and macro-F1 {counts.f1('macro'):.3f} of {counts.n_labels} labels, "
        f"as areas; sliders move how often {name} is there and found."
    )
    return make_figure(panels, params, lines, description)


def _f1_areas(names: Sequence[str], label: int, average: str) -> Any:
    alt = import_altair()
    width = {"macro": "1", "micro": "2 * tps[datum.i] + fps[datum.i] + fns[datum.i]"}[average]
    title = {"macro": "macro-F1: all labels equally wide", "micro": "micro-F1: as wide as positives + predictions"}
    data = alt.Data(values=[{"i": i, "label": name} for i, name in enumerate(names)])
    base = (
        alt.Chart(data, title=title[average])
        .transform_calculate(f1="f1s[datum.i]", width=width)
        .transform_stack(
            stack="width", as_=["left", "right"], groupby=[], sort=[alt.SortField("i")], offset="normalize"
        )
        .transform_calculate(middle="(datum.left + datum.right) / 2")
    )
    y = alt.Y("f1:Q", title="F1", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=[0, 0.5, 1]))
    colour = alt.condition(f"datum.i == {label}", alt.value(ORANGE), alt.value(BLUE))
    bars = base.mark_rect(stroke="white", strokeWidth=0.75).encode(
        x=alt.X("left:Q", axis=None), x2="right:Q", y=y, y2=alt.datum(0), color=colour
    )
    wide_enough = base.transform_filter(f"datum.right - datum.left > 0.035 || datum.i == {label}")
    words = wide_enough.mark_text(dy=10).encode(x="middle:Q", y=alt.datum(0), text="label:N")
    mean = alt.Chart(alt.Data(values=[{}])).transform_calculate(mean=average)
    rule = mean.mark_rule(color="black", strokeDash=[4, 3], strokeWidth=1.5).encode(y="mean:Q")
    return (bars + words + rule).properties(width=WIDTH, height=110)
