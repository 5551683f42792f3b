"""Judges of chapter 7, calibration."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from mlhelpers.calibration import calibration_report, fit_calibration
from mlhelpers.exercises._answers import ANY, Routes, Wrong, call, compare, read_array, read_fractions, read_numbers
from mlhelpers.exercises._register import exercise


@exercise("07.1")
def _undone_weight(answer: Any) -> None:
    def weighted(p: float, w: float) -> float:
        return w * p / (w * p + 1 - p)

    honest, cut = weighted(0.5, 1 / 9), weighted(0.2, 9)
    routes: Routes = {
        "The two are swapped: the probability first, then the cut.": [cut, honest],
        "Probability: the weight is taken off the log-odds, not added.": [weighted(0.5, 9), ANY],
        "Probability: this divides the probability by the weight; divide the odds.": [0.5 / 9, ANY],
        "Cut: this is the cut for the true probability; the network's own numbers are higher.": [ANY, 0.2],
        "Cut: the way from the truth to the network's numbers adds log 9, it doesn't take it off.": [
            ANY,
            weighted(0.2, 1 / 9),
        ],
        "Cut: this multiplies the probability by the weight; multiply the odds.": [ANY, 0.2 * 9],
        "Cut: with costs of 1 and 4 the true cut is 1 / (1 + 4), not 1 / 4.": [ANY, weighted(0.25, 9)],
        "Cut: this is for a false alarm that costs 4 times as much as a miss.": [ANY, weighted(0.8, 9)],
    }
    compare(answer, {"probability": honest, "cut": cut}, routes)


@exercise("07.2")
def _calibration_error(answer: Any) -> None:
    p = np.array(
        [0.02, 0.05, 0.05, 0.1, 0.1, 0.2, 0.25, 0.25, 0.3, 0.35, 0.4, 0.5, 0.5, 0.6, 0.65, 0.7, 0.7]
    )  # the last bin is empty
    y = np.array([0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0])
    bins = calibration_report(y[:, None], p[:, None], n_bins=4, strategy="uniform").bins[0]
    share, apart = bins.n / bins.n.sum(), bins.probability - bins.frequency
    by_quantile = calibration_report(y[:, None], p[:, None], n_bins=4).calibration_error[0]
    lower_edges = np.floor(p * 4)
    other_side = sum(abs(p[lower_edges == k].sum() - y[lower_edges == k].sum()) for k in range(4)) / len(p)
    centres = np.ceil(bins.probability * 4) / 4 - 0.125
    routes: Routes = {
        "It returns the mean of the bins as if all held equally many; weight each by its share.": np.mean(abs(apart)),
        "Differences of opposite sign cancel in it; take the absolute value in each bin.": share @ apart,
        "The absolute value is taken of the sum; take it in each bin.": abs(share @ apart),
        "It returns the largest difference; the expected calibration error is their weighted mean.": abs(apart).max(),
        "It squares the differences, as reliability does; take absolute values.": share @ apart**2,
        "It takes the centre of a bin; take the mean probability.": share @ abs(centres - bins.frequency),
        "Its bins hold equally many samples; the question asks for equally wide ones.": by_quantile,
        "A sample on an edge is in the wrong bin: each bin holds its upper edge and not its lower one.": other_side,
        "It returns the Brier score.": np.mean((p - y) ** 2),
    }
    name = "what the function returns for a made label and 4 bins"
    with np.errstate(all="ignore"):
        found = read_array(call(answer, y, p, 4), f"one number, {name}")
    if found.dtype.kind == "f" and np.isnan(found).any():
        raise Wrong("It returns NaN for made data with an empty bin; leave bins out that hold nothing.")
    compare(found, {name: float(share @ abs(apart))}, routes, tolerance=1e-6)


@exercise("07.3")
def _number_of_labels(answer: Any) -> None:
    p = np.array([0.5, 0.3, 0.1])
    right = [p.sum(), np.prod(1 - p), 1 - p.sum(), 1 - p.max()]
    values = read_fractions(answer, "expected number", "none if independent", "lowest", "highest")
    routes: Routes = {
        "Lowest and highest are swapped.": [ANY, ANY, right[3], right[2]],
        "Expected number: this is the mean probability; add them up.": [p.mean(), ANY, ANY, ANY],
        "Expected number: this counts labels; add up the probabilities.": [1, ANY, ANY, ANY],
        "None if independent: this is the probability that all three are there.": [ANY, np.prod(p), ANY, ANY],
        "None if independent: this is 1 minus the sum; multiply.": [ANY, right[2], ANY, ANY],
        "None if independent: this is the probability that at least one is there.": [ANY, 1 - right[1], ANY, ANY],
        "Lowest: it can't be 0; the labels together use up no more than the sum of their probabilities.": [
            ANY,
            ANY,
            0,
            ANY,
        ],
        "Lowest: this is the independent case; let no two labels be there together.": [ANY, ANY, right[1], ANY],
        "Highest: this is the independent case; let the labels be there together.": [ANY, ANY, ANY, right[1]],
        "Highest: the most frequent label is there in half of the cases, and then it isn't empty.": [
            ANY,
            ANY,
            ANY,
            1 - p.min(),
        ],
    }
    names = ("expected number", "none if independent", "lowest", "highest")
    compare(values, dict(zip(names, right, strict=True)), routes, tolerance=0.002)


@exercise("07.4")
def _shrunk_map(answer: Any) -> str:
    rng = np.random.default_rng(7)
    z_all = rng.normal(-1, 2, size=20_000)
    y_all = (rng.random(len(z_all)) < expit(0.5 * z_all - 1)).astype(int)  # the label's map is (0.5, -1)
    shared = np.array([1.0, 0.0])

    def sample(n_positives: int) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
        there = np.flatnonzero(y_all)[:n_positives]
        absent = np.flatnonzero(y_all == 0)[: 4 * n_positives]
        rows = np.sort(np.concatenate([there, absent]))
        return y_all[rows], z_all[rows]

    def distances(n_positives: int) -> tuple[float, float]:
        y, z = sample(n_positives)
        maps = fit_calibration(y[:, None], z[:, None], from_logits=True, min_positives=1)
        own = np.array([maps.slope[0], maps.intercept[0]])
        found = read_numbers(call(answer, y, z, shared), "slope", "intercept")
        return float(abs(found - own).max()), float(abs(found - shared).max())

    from_own, from_shared = distances(2000)
    if from_shared < 1e-6:
        raise Wrong("With 2,000 positives it returns the shared map; with so many, the label's own is the better one.")
    if from_own > 0.1:
        raise Wrong(f"With 2,000 positives it is {from_own:.2f} away from the label's own Platt map; 0.1 is allowed.")
    of_two = distances(2)
    if of_two[1] > 0.2:
        raise Wrong(
            f"With two positives it is {of_two[1]:.2f} away from the shared map; 0.2 is allowed, since two positives "
            "tell hardly anything."
        )
    of_twenty = distances(20)
    if min(of_twenty) < 0.05:
        raise Wrong("With 20 positives it is one of the two maps; it should lie in between.")
    return f"with 20 positives it is {of_twenty[1]:.2f} away from the shared map and {of_twenty[0]:.2f} from its own"
