"""A reliability diagram, which a weight of positives bends and a temperature straightens."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtri

from mlhelpers.interactive._figure import (
    WIDTH,
    InteractiveFigure,
    check_range,
    import_altair,
    line_of_text,
    make_figure,
    slider,
    variable,
)
from mlhelpers.interactive._one_label import known_samples
from mlhelpers.plotting import BLUE, GREY, ORANGE

_MOST_SAMPLES = 10_000
_N_BINS = 10
_EDGES = np.linspace(0, 1, _N_BINS + 1)[1:-1]  # in floats, those of calibration_report


def explore_calibration(
    y_true: ArrayLike, logits: ArrayLike, *, label_name: str = "the label", allow_missing: bool = False
) -> InteractiveFigure:
    """Show the reliability diagram of one label, with a weight of positives and a temperature to move.

    Training with a weight w for positives adds log w to the logits of a model that can fit anything; the slider does
    that, or takes it back with a weight below 1. The sum is divided by the temperature T, so that
    p = sigmoid((z + log w) / T): above 1 it takes probabilities away from 0 and 1, as overconfident ones need [1]_.

    Parameters
    ----------
    y_true : array-like of 0/1, shape (n_samples,)
        Where the label is; once at least it is there, and once not. At most 10,000 samples of which that is known,
        since the figure stores them all.
    logits : array-like of shape (n_samples,)
        From -1000 to 1000. Four digits after the point are kept, and everything is computed of these.
    label_name : str, default="the label"
    allow_missing : bool, default=False
        Accept unknown labels (-1, NaN, None) in `y_true`, and leave their samples out.

    Returns
    -------
    InteractiveFigure
        The diagram: for each bin of probabilities their mean, the frequency of the label with Wilson's interval at
        95 %, and the number of samples. The expected calibration error and the Brier score with their sums, and one
        bin in words, which a slider chooses.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is asked for above, or their sizes don't match.
    ImportError
        If Altair is not installed.

    See Also
    --------
    mlhelpers.calibration.calibration_report : The same bins with ``strategy="uniform"``, and the same numbers.

    Notes
    -----
    The ten bins are equally wide. A probability at the edge of two belongs to the lower one, so that "0.7 to 0.8"
    is above 0.7 and up to 0.8.

    For several labels together, pass ``y_true.ravel()`` and ``logits.ravel()`` of two arrays; errors of labels in
    opposite directions cancel there.

    References
    ----------
    .. [1] Guo, Pleiss, Sun and Weinberger (2017), "On calibration of modern neural networks", ICML, arXiv:1706.04599.

    Examples
    --------
    >>> explore_calibration([1, 1, 0, 0], [2.0, -0.4, 0.5, -2.2], label_name="owl")
    Reliability of the probabilities of owl in ten bins, with 4 samples, which sliders bend: expected calibration \
error 0.360, Brier score 0.193.
    """
    from mlhelpers.calibration import calibration_report  # loads what no other figure needs

    truth, z = known_samples(y_true, logits, allow_missing=allow_missing, name="logits")
    label_name = line_of_text(label_name, "label_name")
    _check_logits(z)
    z = z.round(4)
    report = calibration_report(truth[:, None], expit(z)[:, None], n_bins=_N_BINS, strategy="uniform")
    params = [
        slider("exponent", 0, -7, 7, 0.1, "weight of positives, a power of 2"),
        slider("temperature", 1, 0.2, 5, 0.05, "temperature"),
        slider("upto", 0.8, 0.1, 1, 0.1, "bin in the text, up to"),
        variable("chosen", f"round({_N_BINS} * upto) - 1"),
        variable("q", repr(float(ndtri(0.975)) ** 2)),  # of Wilson's intervals, at 95 %
    ]
    description = (
        f"Reliability of the probabilities of {label_name} in ten bins, with {len(z)} samples, which sliders bend: "
        f"expected calibration error {report.calibration_error[0]:.3f}, Brier score {report.brier[0]:.3f}."
    )
    return make_figure(
        [_diagram(), _sizes()],
        params,
        _lines(label_name, len(z)),
        description,
        numbers=_sums(),
        datasets={"samples": [{"y": y, "z": z[truth == y].tolist()} for y in (1, 0)]},
    )


def _check_logits(z: NDArray[np.float64]) -> None:
    if len(z) > _MOST_SAMPLES:
        raise ValueError(
            f"y_true holds {len(z)} known labels, expected {_MOST_SAMPLES} at most, since the figure stores them all; "
            f"draw some, as with numpy.random.default_rng(0).choice({len(z)}, {_MOST_SAMPLES}, replace=False)"
        )
    check_range(z, "logits", -1000, 1000)
    if z.min() >= 0 and z.max() <= 1:
        raise ValueError(
            "logits holds nothing but numbers from 0 to 1, which look like probabilities; "
            "pass the logits, or scipy.special.logit(...) of probabilities"
        )


def _over_bins(chart: Any) -> Any:
    """Let the data of a chart be the bins that hold samples, as the sliders put them there."""
    chart.data = import_altair().NamedData(name="samples")
    moved = chart.transform_flatten(["z"]).transform_calculate(
        p="1 / (1 + exp(-(datum.z + exponent * LN2) / temperature))"
    )
    binned = moved.transform_calculate(
        bin=" + ".join(f"(datum.p > {float(edge)!r})" for edge in _EDGES), square="pow(datum.p - datum.y, 2)"
    )
    return binned.transform_aggregate(
        n="count()", positives="sum(y)", sum_p="sum(p)", squares="sum(square)", groupby=["bin"]
    )


def _sums() -> Any:
    """Return a chart without a mark whose one row is what the text tells."""
    here = {f"{k}_here": f"datum.bin == chosen ? datum.{k} : 0" for k in ("n", "positives", "sum_p")}
    bins = _over_bins(import_altair().Chart())
    each = bins.transform_calculate(gap="abs(datum.sum_p - datum.positives)", **here)
    return each.transform_aggregate(
        gaps="sum(gap)", all_squares="sum(squares)", **{k: f"sum({k})" for k in here}
    ).transform_calculate(**_wilson("datum.positives_here", "datum.n_here"))


def _wilson(k: str, n: str) -> dict[str, str]:
    """Return formulas for the ends of Wilson's interval of k out of n."""
    middle = f"({k} + q / 2) / ({n} + q)"
    half = f"sqrt(q * ({k} * ({n} - {k}) / {n} + q / 4)) / ({n} + q)"
    return {"low": f"max({middle} - {half}, 0)", "high": f"min({middle} + {half}, 1)"}


def _lines(label_name: str, n: int) -> list[str]:
    weight = "format(pow(2, exponent), '.3~r')"
    sums = [f"format({x}, {x} < 100 ? '.3f' : '.1f')" for x in ("datum.gaps", "datum.all_squares")]
    the_bin = "format(upto - 0.1, '.1f') + ' to ' + format(upto, '.1f')"
    return [
        f"'weight ' + {weight} + ': p = sigmoid((z + log ' + {weight} + ') / ' + format(temperature, '.2f') + ')'",
        f"'p from ' + {the_bin} + ': ' + datum.n_here + (datum.n_here == 1 ? ' sample' : ' samples')"
        " + ', mean p ' + (datum.n_here > 0 ? format(datum.sum_p_here / datum.n_here, '.3f') : 'undefined')",
        f"{json.dumps(f'{label_name} is there in ')} + datum.positives_here + ' of them'",
        "'frequency ' + (datum.n_here > 0 ? format(datum.positives_here / datum.n_here, '.3f')"
        " + ', interval ' + format(datum.low, '.3f') + ' to ' + format(datum.high, '.3f') : 'undefined')",
        f"'ECE = Σ n·|mean p − frequency| / N = ' + {sums[0]} + ' / {n} = ' + format(datum.gaps / {n}, '.3f')",
        f"'Brier score = Σ (p − y)² / N = ' + {sums[1]} + ' / {n} = ' + format(datum.all_squares / {n}, '.3f')",
    ]


def _diagram() -> Any:
    alt = import_altair()
    x, y, low = (
        _zero_to_one(axis, title=None) for axis in (alt.X("probability:Q"), alt.Y("frequency:Q"), alt.Y("low:Q"))
    )
    bins = alt.Chart().encode(x=x)
    curve = bins.mark_line(strokeWidth=2.5, color=BLUE).encode(y=y)
    intervals = bins.mark_rule(strokeWidth=1.5).encode(y=low, y2="high:Q", color=_colour())
    points = bins.mark_point(filled=True, size=70, opacity=1).encode(y=y, color=_colour())
    shown = _over_bins(alt.layer(curve, intervals, points)).transform_calculate(
        probability="datum.sum_p / datum.n",
        frequency="datum.positives / datum.n",
        **_wilson("datum.positives", "datum.n"),
    )
    ends = alt.Data(values=[{"probability": end, "frequency": end} for end in (0, 1)])
    diagonal = alt.Chart(ends).mark_line(color=GREY, strokeDash=[4, 3], strokeWidth=1.5).encode(x=x, y=y)
    title = "frequency in each bin (dashed: calibrated)"
    return alt.layer(diagonal, shown).properties(width=WIDTH, height=200, title=title)


def _sizes() -> Any:
    alt = import_altair()
    x = _zero_to_one(alt.X("left:Q"), title="probability")
    bins = alt.Chart().encode(y=alt.Y("n:Q", title=None, axis=alt.Axis(labels=False, ticks=False, domain=False)))
    bars = bins.mark_rect().encode(x=x, x2="right:Q", y2=alt.datum(0), color=_colour())
    words = bins.mark_text(dy=-7).encode(x="middle:Q", text="n:Q")
    place = {"left": 0.1, "middle": 0.5, "right": 0.9}
    shown = _over_bins(alt.layer(bars, words)).transform_calculate(
        **{name: f"(datum.bin + {share}) / {_N_BINS}" for name, share in place.items()}
    )
    return shown.properties(width=WIDTH, height=60, title="samples in each bin")


def _zero_to_one(channel: Any, title: str | None) -> Any:
    alt = import_altair()
    ticks = alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    return channel.scale(alt.Scale(domain=[0, 1])).axis(ticks).title(title)


def _colour() -> Any:
    """Return the colour of what belongs to a bin: another one for the bin in the text."""
    alt = import_altair()
    return alt.condition("datum.bin == chosen", alt.value(ORANGE), alt.value(BLUE))
