"""What the figures of one label's scores should tell, computed in Python: texts with # for each number, and these."""

from __future__ import annotations

import re

import numpy as np
from scipy.special import expit
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, confusion_matrix

from mlhelpers.calibration import calibration_report


def numbers(caption, template):
    """Return the numbers that stand in a caption for # in the template, or None if it reads differently."""
    pattern = re.escape(template).replace(r"\#", "(.+?)")
    found = re.fullmatch(pattern, caption.replace("−", "-"))
    return found and [float(text) for text in found.groups()]


def costs(y, scores, threshold, c_fp, c_fn):
    counts = [confusion_matrix(y, scores > i / 100).ravel().tolist() for i in range(101)]
    each = [c_fp * fp + c_fn * fn for _, fp, fn, _ in counts]
    tn, fp, fn, tp = counts[round(100 * threshold)]
    lowest = min(each)
    first = ", first" if each.count(lowest) > 1 else ","
    asked = int(np.floor(100 * c_fp / (c_fp + c_fn) + 0.5))  # the nearest; of two, the higher
    template = (
        f"threshold {threshold:.2f}: tp {tp}, fp {fp}, fn {fn}, tn {tn}; "
        f"cost = c_fp·fp + c_fn·fn = {c_fp}·{fp} + {c_fn}·{fn} = {c_fp * fp + c_fn * fn}; "
        f"lowest cost: {lowest}{first} at the threshold {each.index(lowest) / 100:.2f}; "
        f"calibrated: c_fp / (c_fp + c_fn) = {c_fp} / ({c_fp} + {c_fn}) = #; "
        f"cost there, at {asked / 100:.2f}: {each[asked]}, which is {each[asked] - lowest} above the lowest"
    )
    return template, [c_fp / (c_fp + c_fn)]


def calibration(y, z, exponent, temperature, upto):
    p = expit((z + np.log(2.0**exponent)) / temperature)
    report = calibration_report(y[:, None], p[:, None], n_bins=10, strategy="uniform")
    frequencies, means = calibration_curve(y, p, n_bins=10, strategy="uniform")
    np.testing.assert_allclose(report.bins[0].probability, means)
    np.testing.assert_allclose(report.bins[0].frequency, frequencies)
    edges = np.linspace(0, 1, 11)
    k = round(10 * upto) - 1
    here = (p > edges[k]) & (p <= edges[k + 1]) if k else p <= edges[1]
    n, found = here.sum(), y[here].sum()
    mean, frequency, values = "undefined", "undefined", []
    if n:
        interval = binomtest(int(found), int(n)).proportion_ci(0.95, method="wilson")
        mean, frequency = "#", "#, interval # to #"
        values = [p[here].mean(), found / n, interval.low, interval.high]
    weight = f"{2.0**exponent:.3g}"
    size, error, brier = len(y), report.calibration_error[0], brier_score_loss(y, p)
    gaps, squares = (f"{x:.3f}" if x < 100 else f"{x:.1f}" for x in (error * size, brier * size))
    template = (
        f"weight {weight}: p = sigmoid((z + log {weight}) / {temperature:.2f}); "
        f"p from {upto - 0.1:.1f} to {upto:.1f}: {n} {'sample' if n == 1 else 'samples'}, mean p {mean}; "
        f"owl is there in {found} of them; frequency {frequency}; "
        f"ECE = Σ n·|mean p - frequency| / N = {gaps} / {size} = #; "
        f"Brier score = Σ (p - y)² / N = {squares} / {size} = #"
    )
    return template, [*values, error, brier]
