"""The figures with sliders, one function each.

Every function returns an `InteractiveFigure`, which shows itself as the last value of a cell, and
which moves without a kernel: what the sliders change is computed where the figure is shown, from
the numbers that are stored in it. Everything that moves is written out in words and numbers below
the figure, too.

The figures are made with Altair, which ``pip install altair`` installs and Colab has.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import re
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlhelpers._names import check_same_samples
from mlhelpers._scores import check_truth_and_scores
from mlhelpers._validation import names_of_labels, real_array, whole_number
from mlhelpers.metrics import LabelCounts
from mlhelpers.plotting import BLUE, GREEN, GREY, ORANGE

# What is used of Vega-Lite is the same in its versions 5 and 6, and more front ends show 5 by themselves.
MIME_TYPE = "application/vnd.vegalite.v5+json"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_RIGHT, _WRONG = GREY, "#D55E00"  # decisions; no curve has these colours
_WIDTH = 300  # of a plot, in pixels: with its axis it fits a phone
_CONFIG: dict[str, Any] = {
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "grid": False,
        "labelFlush": False,  # the ends stand under their ticks, as the others do
    },
    "legend": {"labelFontSize": 12, "orient": "top", "title": None, "symbolType": "stroke", "symbolSize": 400},
    "mark": {"aria": False},  # the lines of text say it better than hundreds of ticks
    "text": {"fontSize": 12},
    "title": {"fontSize": 12, "anchor": "start", "frame": "group"},
    "view": {"stroke": None},
}


class InteractiveFigure:
    """A figure with sliders.

    In a notebook it is the figure itself, in VS Code and JupyterLab without a network; where no
    script runs, as on GitHub, a picture of it as it stands at the start; and in a terminal a sentence.

    Attributes
    ----------
    chart : altair.TopLevelMixin
        The figure as an Altair chart, to be changed or saved: ``figure.chart.save("figure.html")``.
    description : str
        What the figure shows at the start.
    """

    def __init__(self, chart: Any, description: str) -> None:
        self.chart = chart
        self.description = description

    @property
    def spec(self) -> dict[str, Any]:
        """The figure as a Vega-Lite specification."""
        return {**self.chart.to_dict(), "$schema": _SCHEMA}

    def __repr__(self) -> str:
        return self.description

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        if _importable("google.colab"):  # which shows an Altair chart, but no specification
            return self.chart._repr_mimebundle_(include, exclude)
        bundle = {MIME_TYPE: self.spec, "text/plain": self.description}
        if _importable("vl_convert"):
            bundle["image/png"] = base64.b64encode(_picture(self.spec)).decode()
        return bundle


def _picture(spec: dict[str, Any]) -> bytes:
    """Return the figure as it stands at the start, as PNG in a palette: a tenth of the size of true colours."""
    import vl_convert
    from PIL import Image  # which matplotlib depends on

    picture = Image.open(io.BytesIO(vl_convert.vegalite_to_png(spec, scale=2)))
    small = io.BytesIO()
    picture.convert("RGB").quantize(64).save(small, "png", optimize=True)
    return small.getvalue()


def _importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # of a parent
        return False


def _altair() -> Any:
    try:
        import altair
    except ImportError:
        raise ImportError(
            "the interactive figures are made with Altair, which is not installed; run: pip install altair"
        ) from None
    return altair


def explore_probabilities(logits: ArrayLike, *, label_names: Iterable[str] | None = None) -> InteractiveFigure:
    """Show sigmoid and softmax side by side, over logits that one can move.

    Parameters
    ----------
    logits : array-like of shape (n_labels,)
        Where the sliders stand at the start: two to four logits from -8 to 8.
    label_names : sequence of str, optional
        One per logit, all different; their positions by default.

    Returns
    -------
    InteractiveFigure
        A slider per logit, and one for a number that is added to all of them; both sums, and the
        labels above one half.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is asked for above, or their sizes don't match.
    ImportError
        If Altair is not installed.

    Examples
    --------
    >>> explore_probabilities([4, 3, -1.5], label_names=["3", "7", "8"])
    Sigmoid and softmax of the logits 3: 4.0, 7: 3.0, 8: -1.5, which sliders move.
    """
    z = real_array(logits, "logits", ("n_labels",))
    if not 2 <= len(z) <= 4:
        raise ValueError(f"logits holds {len(z)} numbers, expected two to four, a slider each; choose some labels")
    _check_range(z, "logits", -8, 8)
    names = _different_names(label_names, len(z))
    alt = _altair()
    moved = [f"(z{i} + shift)" for i in range(len(z))]
    total = " + ".join(f"exp({x})" for x in moved)
    params = [_slider(f"z{i}", z[i], -8, 8, 0.5, f"logit of {name}") for i, name in enumerate(names)]
    params += [
        _slider("shift", 0, -8, 8, 0.5, "added to all"),
        _variable("sigmoid", f"[{', '.join(f'1 / (1 + exp(-{x}))' for x in moved)}]"),
        _variable("softmax", f"[{', '.join(f'exp({x}) / ({total})' for x in moved)}]"),
    ]
    lines = []
    for name in ("sigmoid", "softmax"):
        p = [f"{name}[{i}]" for i in range(len(z))]
        words = [f"({x} > 0.5 ? {json.dumps(label + ', ')} : '')" for x, label in zip(p, names, strict=True)]
        chosen = f"slice({' + '.join(words)}, 0, -2)"
        lines.append(f"'{name}: sum ' + format({' + '.join(p)}, '.2f') + ', above one half: {{' + {chosen} + '}}'")
    data = alt.Data(values=[{"i": i, "label": name} for i, name in enumerate(names)])
    panels = [_probability_bars(data, name, colour) for name, colour in (("sigmoid", BLUE), ("softmax", ORANGE))]
    shown = ", ".join(f"{name}: {value}" for name, value in zip(names, z, strict=True))
    description = f"Sigmoid and softmax of the logits {shown}, which sliders move."
    return _figure([alt.hconcat(*panels, spacing=15)], params, lines, description)


def _probability_bars(data: Any, name: str, colour: str) -> Any:
    alt = _altair()
    x = alt.X("label:N", sort=None, title=None, axis=alt.Axis(labelAngle=0))
    title = "probability" if name == "sigmoid" else None  # one is enough for both panels, which stand side by side
    y = alt.Y("p:Q", title=title, scale=alt.Scale(domain=[0, 1.1]), axis=alt.Axis(values=[0, 0.5, 1]))
    opacity = alt.condition("datum.p > 0.5", alt.value(1), alt.value(0.5))
    base = alt.Chart(data, title=name).transform_calculate(p=f"{name}[datum.i]").encode(x=x, y=y)
    half = alt.Chart(alt.Data(values=[{}])).mark_rule(color=GREY, strokeDash=[4, 3]).encode(y=alt.datum(0.5))
    bars = base.mark_bar(color=colour).encode(opacity=opacity)
    return (bars + base.mark_text(dy=-7).encode(text=alt.Text("p:Q", format=".2f")) + half).properties(
        width=_WIDTH / 2 - 10, height=150
    )


def explore_clipped_loss(*, epsilon: float = 1e-7, logit: float = 18.0) -> InteractiveFigure:
    """Show the loss of an absent label over its logit, and its slope: clipped, and from logits.

    Computed in double precision, of probabilities clipped to [epsilon, 1 - epsilon].

    Parameters
    ----------
    epsilon : float, default=1e-7
        Where the slider of epsilon stands at the start, from 1e-9 to 0.1; it moves over half powers of ten.
    logit : float, default=18.0
        Where the slider of the logit stands at the start, from -5 to 25.

    Returns
    -------
    InteractiveFigure
        Both losses and both slopes at the logit, and from where on the clip acts.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is asked for above.
    ImportError
        If Altair is not installed.

    Examples
    --------
    >>> explore_clipped_loss()
    The clipped and the unclipped loss of an absent label over its logit, with epsilon 1e-07 and logit 18, which \
sliders move.
    """
    epsilon = _number(epsilon, "epsilon", 1e-9, 0.1)
    logit = _number(logit, "logit", -5, 25)
    params = [
        _slider("exponent", round(np.log10(epsilon), 9), -9, -1, 0.5, "epsilon, a power of ten"),
        _slider("logit", logit, -5, 25, 0.5, "logit of an absent label"),
        _variable("epsilon", "pow(10, exponent)"),
        _variable("absent", "1 / (1 + exp(logit))"),  # its probability, 1 - p
        _variable("kept", "clamp(absent, epsilon, 1 - epsilon)"),
        _variable("slope", "kept == absent ? 1 - absent : 0"),
    ]
    lines = [
        "'1 − p = ' + format(absent, '.1e')"
        " + (kept == absent ? ', not clipped' : ', clipped to ' + format(kept, '.1e'))",
        "'clipped: loss = −log(' + format(kept, '.1e') + ') = ' + format(-log(kept), '.2f')"
        " + ', slope ' + format(slope, '.2f')",
        "'from logits: loss = ' + format(max(logit, 0) + log(1 + exp(-abs(logit))), '.2f')"
        " + ', slope ' + format(1 - absent, '.2f')",
        "'The clip acts beyond the logits ±' + format(log((1 - epsilon) / epsilon), '.1f') + '.'",
    ]
    curves = {
        "loss": ("-log(clamp(q, epsilon, 1 - epsilon))", "max(datum.z, 0) + log(1 + exp(-abs(datum.z)))"),
        "slope": ("q > epsilon && q < 1 - epsilon ? 1 - q : 0", "1 - q"),
    }
    panels = [_loss_curves(name, *both) for name, both in curves.items()]
    description = (
        "The clipped and the unclipped loss of an absent label over its logit, "
        f"with epsilon {epsilon:g} and logit {logit:g}, which sliders move."
    )
    return _figure(panels, params, lines, description)


def _loss_curves(name: str, clipped: str, from_logits: str) -> Any:
    alt = _altair()
    absent = "(1 / (1 + exp(datum.z)))"
    heights = {"clipped": clipped.replace("q", absent), "from logits": from_logits.replace("q", absent)}
    axis, one = alt.sequence(-5, 25.05, 0.1, as_="z"), alt.Data(values=[{}])
    legend = alt.Legend() if name == "loss" else None  # of both panels
    colour = alt.Color("form:N", legend=legend, scale=alt.Scale(domain=list(heights), range=[ORANGE, BLUE]))
    dash = alt.StrokeDash("form:N", legend=legend, scale=alt.Scale(domain=list(heights), range=[[1, 0], [5, 3]]))
    x = alt.X("z:Q", title="logit", scale=alt.Scale(domain=[-5, 25], nice=False))
    base = alt.Chart(axis).transform_calculate(**heights).transform_fold(list(heights), as_=["form", "height"])
    lines = base.mark_line(strokeWidth=2.5).encode(x=x, y=alt.Y("height:Q", title=name), color=colour, strokeDash=dash)
    here = alt.Chart(one).transform_calculate(z="logit", **heights)
    points = here.transform_calculate(**heights).transform_fold(list(heights), as_=["form", "height"])
    dots = points.mark_point(filled=True, size=60, opacity=1).encode(x="z:Q", y="height:Q", color=colour)
    rule = here.mark_rule(color=GREY, strokeDash=[4, 3]).encode(x="z:Q")
    return (rule + lines + dots).properties(width=_WIDTH, height=150 if name == "loss" else 80)


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
    _check_range(scores, "y_score", 0, 1)
    if truth.min() == truth.max():
        raise ValueError(f"y_true holds nothing but {truth[0]}; take a label that is there in some samples, not in all")
    threshold, label_name = _number(threshold, "threshold", 0, 1), _name(label_name, "label_name")
    start = round(100 * threshold)
    if not np.isclose(start, 100 * threshold):
        raise ValueError(f"threshold must be one of 0, 0.01, ..., 1, got {threshold}")
    counts = LabelCounts.from_predictions(
        np.repeat(truth[:, None], 101, axis=1), scores[:, None] > np.arange(101) / 100
    )
    params = [
        _slider("threshold", start / 100, 0, 1, 0.01, "threshold"),
        *(_variable(f"{k}s", json.dumps(getattr(counts, k).tolist())) for k in ("tp", "fp", "fn", "tn")),
        *(_variable(k, f"{k}s[round(100 * threshold)]") for k in ("tp", "fp", "fn", "tn")),
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
    return _figure(panels, params, lines, description)


def _score_ticks(scores: NDArray[np.float64], there: int, title: str) -> Any:
    alt = _altair()
    marks, n = np.unique(_rounded_up(scores), return_counts=True)
    values = [{"there": there, "score": float(s), "n": int(k)} for s, k in zip(marks, n, strict=True)]
    axis = alt.Axis(labels=not there)  # once under both rows
    x = alt.X("score:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=axis)
    right = "(datum.score > threshold) == (datum.there == 1)"
    colour = alt.condition(right, alt.value(_RIGHT), alt.value(_WRONG))
    opacity = alt.condition(right, alt.value(0.5), alt.value(1))
    base = alt.Chart(alt.Data(values=values), title=title)
    ticks = base.mark_tick(thickness=1.5, size=18).encode(x=x, color=colour, opacity=opacity)
    return (ticks + _threshold_rule()).properties(width=_WIDTH, height=24)


def _rounded_up(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return four digits of the scores, on the same side of every threshold of four digits or fewer."""
    nearest = scores.round(4)
    return np.where(nearest < scores, (nearest + 1e-4).round(4), nearest)


def _threshold_rule() -> Any:
    alt = _altair()
    here = alt.Chart(alt.Data(values=[{}])).transform_calculate(t="threshold")
    return here.mark_rule(color=GREY, strokeDash=[4, 3], strokeWidth=1.5).encode(x="t:Q")


def _measures_by_threshold() -> Any:
    alt = _altair()
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
    return (_threshold_rule() + lines + dots).properties(width=_WIDTH, height=120)


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
    names = _different_names(label_names, counts.n_labels)
    found, n, name = int(counts.tp[label]), int(counts.support[label]), names[label]
    moved = {"tp": "times * found", "fn": f"times * ({n} - found)"}
    params = [
        _slider("found", found, 0, n, 1, f"found, of each {n} with {name}"),
        _slider("times", 1, 0.1, 10, 0.1, f"number of samples with {name}, times"),
    ]
    for k in ("tp", "fp", "fn"):
        values = [moved[k] if k in moved and i == label else str(v) for i, v in enumerate(getattr(counts, k))]
        params += [_variable(f"{k}s", f"[{', '.join(values)}]"), _variable(k, " + ".join(f"({v})" for v in values))]
    f1 = [f"2 * tps[{i}] / (2 * tps[{i}] + fps[{i}] + fns[{i}])" for i in range(counts.n_labels)]
    params += [
        _variable("f1s", f"[{', '.join(f1)}]"),
        _variable("others", " + ".join(f"f1s[{i}]" for i in range(counts.n_labels) if i != label)),
        _variable("macro", f"(others + f1s[{label}]) / {counts.n_labels}"),
        _variable("micro", "2 * tp / (2 * tp + fp + fn)"),
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
    return _figure(panels, params, lines, description)


def _f1_areas(names: Sequence[str], label: int, average: str) -> Any:
    alt = _altair()
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
    return (bars + words + rule).properties(width=_WIDTH, height=110)


def _figure(panels: list[Any], params: list[Any], lines: list[str], description: str) -> InteractiveFigure:
    """Put the panels, and under them the lines of text that tell what they show, into one figure."""
    alt = _altair()
    params = [*params, _variable("caption", f"[{', '.join(lines)}]")]
    caption = alt.Chart(alt.Data(values=[{}])).mark_text(
        text=alt.expr("caption"), align="left", baseline="top", lineHeight=17
    )
    text = caption.encode(x=alt.value(-25), y=alt.value(0)).properties(width=_WIDTH, height=17 * len(lines))
    options = {"params": params, "config": _CONFIG, "background": "white", "description": description}
    chart = alt.vconcat(*panels, text, **options).resolve_legend(color="independent", strokeDash="independent")
    return InteractiveFigure(chart, description)


def _slider(name: str, value: float, least: float, most: float, step: float, label: str) -> Any:
    alt = _altair()
    return alt.VariableParameter(
        name=name, value=float(value), bind=alt.BindRange(input="range", min=least, max=most, step=step, name=label)
    )


def _variable(name: str, expression: str) -> Any:
    return _altair().VariableParameter(name=name, expr=expression)


def _different_names(label_names: Iterable[str] | None, n_labels: int) -> list[str]:
    names = [_name(name, "label_names") for name in names_of_labels(label_names, n_labels)]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"label_names holds {name!r} more than once; a figure tells labels apart by their names")
    return names


def _name(name: Any, argument: str) -> str:
    """Return a name as text, if it is a single line that a picture can hold: its format has no control characters."""
    found = re.search("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]", str(name))
    if found:
        raise ValueError(
            f"{argument} holds {name!r}, expected one line of text; leave out the character U+{ord(found[0]):04X}"
        )
    return str(name)


def _number(value: Any, name: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}; use float(...)")
    number = float(value)
    if not least <= number <= most:
        raise ValueError(f"{name} must be a number from {least:g} to {most:g}, got {number:g}")
    return number


def _check_range(values: NDArray[np.float64], name: str, least: float, most: float) -> None:
    wrong = values[~((values >= least) & (values <= most))]
    if len(wrong):
        raise ValueError(f"{name} holds {wrong[0]:g}, expected numbers from {least:g} to {most:g}")
