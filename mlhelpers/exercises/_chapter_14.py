"""Judges of chapter 14, missing and wrong labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import ANY, Routes, Wrong, call, compare, read_array, read_numbers
from mlhelpers.exercises._register import exercise


@exercise("14.1")
def _precision_behind_the_records(answer: Any) -> None:
    recorded, measured = 0.45, 0.36
    truth = measured / recorded
    right = 500 * (truth - measured) / (1 - measured)
    values = read_numbers(answer, "true precision", "number right of 500")
    if np.allclose(values, [truth, right / 500], atol=0.005):
        raise Wrong("The second number is a share; the question asks for how many of 500.")
    if np.allclose(values, [right, truth], atol=0.6):
        raise Wrong("The two are swapped: the precision first, then the number of claims.")
    routes: Routes = {
        "The precision: this multiplies; the measured precision is already the share recorded times the true one.": [
            measured * recorded,
            ANY,
        ],
        "The precision: this is the measured one, which is only a lower bound.": [measured, ANY],
        "The precision: this adds up the two shares.": [measured + recorded, ANY],
        "The number right: this takes the precision of all claims; those with a record are all right, so among the "
        "others fewer are.": [ANY, 500 * truth],
        "The number right: this takes the measured precision; those claims are the recorded ones.": [
            ANY,
            500 * measured,
        ],
        "The number right: this is the share of positives without a record; divide by the claims without one.": [
            ANY,
            500 * (1 - recorded),
        ],
        "The number right: this divides by all claims; only those without a record are read.": [
            ANY,
            500 * (truth - measured),
        ],
    }
    if abs(values[1] - right) <= 1:  # also those who round to whole claims
        values[1] = right
    compare(values, {"true precision": truth, "number right of 500": right}, routes)


@exercise("14.2")
def _loss_of_known_cells(answer: Any) -> None:
    rng = np.random.default_rng(14)
    Y = rng.integers(-1, 2, size=(8, 5)).astype(float)
    Y[:, 0] = 1  # no row without a known cell
    Z = rng.normal(0, 2, size=Y.shape)
    each = np.logaddexp(0, Z) - Z * np.where(Y < 0, 0, Y)
    known = Y >= 0
    right = (each * known).sum(axis=1) / known.sum(axis=1)
    found = _rows(answer, Y, Z)
    if np.isnan(found).any():
        raise Wrong("It returns NaN for labels of 0, 1 and -1.")
    p = 1 / (1 + np.exp(-Z))
    others = {
        "It counts unknown cells as absent.": each.mean(axis=1),
        "It takes -1 for a label; such a cell must add nothing.": (np.logaddexp(0, Z) - Z * Y).mean(axis=1),
        "It divides by all labels; divide by those that are known.": (each * known).mean(axis=1),
        "It adds up the cells; the question asks for their mean.": (each * known).sum(axis=1),
        "It takes the logits for probabilities, or puts the sigmoid on twice.": _with_probabilities(Y, p),
        "It has the wrong sign.": -right,
    }
    if not np.allclose(found, right, atol=1e-4):
        for message, values in others.items():
            if np.allclose(found, values, atol=1e-4):
                raise Wrong(message)
        swapped = np.asarray(_rows_or_none(answer, Z, Y))
        if swapped.shape == right.shape and np.allclose(swapped, right, atol=1e-4):
            raise Wrong("The labels come first, then the logits; yours are in the other order.")
        raise Wrong("Its losses are others than the ones asked for.")
    if not np.allclose(_rows(answer, np.where(Y < 0, np.nan, Y), Z), right, atol=1e-4):
        raise Wrong("It fails where unknown is NaN: NaN times 0 is NaN, so fill first and multiply then.")
    Y[3] = -1
    if not np.allclose(_rows(answer, Y, Z)[3], 0):
        raise Wrong("A row without any known cell must have a loss of 0; look at what you divide by.")
    if not np.allclose(_rows(answer, np.where(Y < 0, np.nan, Y), Z)[3], 0):
        raise Wrong("A row that holds nothing but NaN must have a loss of 0, too.")
    far = _rows(answer, np.array([[1.0, 0.0], [0.0, -1.0]]), np.array([[-1000.0, -1000.0], [1000.0, 5.0]]))
    if not np.allclose(far, [500, 1000], rtol=1e-4):
        raise Wrong("It is not right for logits of 1,000; exp overflows, or a probability is clipped.")


def _with_probabilities(Y: NDArray[Any], p: NDArray[Any]) -> NDArray[Any]:
    known = Y >= 0
    each = (np.logaddexp(0, p) - p * np.where(known, Y, 0)) * known
    return np.asarray(each.sum(axis=1) / known.sum(axis=1))


def _rows(answer: Any, Y: NDArray[Any], Z: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(all="ignore"):
        found = read_array(call(answer, Y, Z), "one loss for each row")
    if found.shape != (len(Y),):
        raise Wrong(f"It returns something of shape {found.shape} for {len(Y)} rows; return one loss for each row.")
    return found.astype(float)


def _rows_or_none(answer: Any, Y: NDArray[Any], Z: NDArray[Any]) -> NDArray[Any] | None:
    try:
        return _rows(answer, Y, Z)
    except Wrong:
        return None


@exercise("14.3")
def _most_suspicious(answer: Any) -> None:
    rng = np.random.default_rng(3)
    Y, n = rng.integers(-1, 2, size=(20, 6)), 12
    p = rng.permutation(np.linspace(0.01, 0.99, Y.size)).reshape(Y.shape)
    p += rng.normal(0, 1e-4, p.shape)  # no ties
    confidence = np.where(Y == 1, p, 1 - p)
    found = read_array(call(answer, Y, p, n), f"the {n} worst cells, each by its row and column")
    if found.shape == (n,):
        raise Wrong("It returns flat numbers of cells; np.unravel_index makes rows and columns of them.")
    if found.shape == (2, n):
        raise Wrong("It returns rows and columns one below the other; return the transposed, of shape (n, 2).")
    if found.shape != (n, 2):
        raise Wrong(f"It returns something of shape {found.shape}, and {(n, 2)} is asked for.")
    known = np.where(Y < 0, np.inf, confidence)
    if np.array_equal(found, _cells(known, n)):
        most = int((Y >= 0).sum())  # as many as can be asked for
        longer = read_array(call(answer, Y, p, most), f"the {most} worst cells, each by its row and column")
        if longer.shape != (most, 2):
            raise Wrong(f"It is right for n = {n}, but for n = {most} it returns something of shape {longer.shape}.")
        if not (Y[tuple(longer.astype(int).T)] >= 0).all():
            raise Wrong("In a longer list there are unknown cells; they must come after all known ones.")
        if not np.array_equal(longer, _cells(known, most)):
            raise Wrong("A longer list is in another order: the worst first, to its end.")
        return
    others = {
        "It lists unknown cells, as if they said absent.": confidence,
        "It lists the best cells: the most confident ones. Sort the other way round.": np.where(Y < 0, np.inf, -known),
        "It lists where the score is near one half; these cells are doubtful, not contradicted.": np.where(
            Y < 0, np.inf, abs(p - 0.5)
        ),
        "It sorts by the score alone, and doesn't look at the label.": np.where(Y < 0, np.inf, p),
        "It looks at present cells only; a positive that was overlooked says absent.": np.where(Y == 1, p, np.inf),
        "It looks at absent cells only; a cell that says present can be wrong, too.": np.where(Y == 0, 1 - p, np.inf),
    }
    for message, by in others.items():
        if np.array_equal(found, _cells(by, n)):
            raise Wrong(message)
    if np.array_equal(found[:, ::-1], _cells(known, n)):
        raise Wrong("Row and column are swapped.")
    if {*map(tuple, found.tolist())} == {*map(tuple, _cells(known, n).tolist())}:
        raise Wrong("These are the right cells in another order; the worst comes first.")
    raise Wrong("These are not the most suspicious cells.")


def _cells(by: NDArray[Any], n: int) -> NDArray[Any]:
    flat = np.argsort(by, axis=None, kind="stable")[:n]
    return np.column_stack(np.unravel_index(flat, by.shape))


@exercise("14.4")
def _stratified(answer: Any) -> None:
    sizes, n, k = np.array([12_000, 3000, 500]), np.array([100, 50, 40]), np.array([2, 15, 36])
    share = k / n
    total, variance = float((sizes * share).sum()), sizes**2 * share * (1 - share) / n
    error = float(np.sqrt(variance.sum()))
    values = read_numbers(call(answer, sizes, n, k), "positives", "standard error")
    pooled = k.sum() / n.sum()
    routes: Routes = {
        "The two are swapped: the number of positives first.": [error, total],
        "The positives: this pools the samples; each stratum was read to another share.": [sizes.sum() * pooled, ANY],
        "The positives: this adds up the shares; weight each by the size of its stratum.": [share.sum(), ANY],
        "The positives: these are those that were read, not those of all cells.": [k.sum(), ANY],
        "The standard error: this is the variance; take its root.": [ANY, variance.sum()],
        "The standard error: this adds up standard errors; variances add up.": [ANY, np.sqrt(variance).sum()],
        "The standard error: this takes the sizes once; the variance of size times a share has the square.": [
            ANY,
            np.sqrt((sizes * share * (1 - share) / n).sum()),
        ],
        "The standard error: this divides by n - 1; the question takes n.": [
            ANY,
            np.sqrt((sizes**2 * share * (1 - share) / (n - 1)).sum()),
        ],
        "The standard error: this has the correction for finite populations; leave it out.": [
            ANY,
            np.sqrt((variance * (1 - n / sizes)).sum()),
        ],
        "The standard error: this is 1.96 of them, half of an interval.": [ANY, 1.96 * error],
        "The standard error: this is that of one sample by lot.": [
            ANY,
            sizes.sum() * np.sqrt(pooled * (1 - pooled) / n.sum()),
        ],
    }
    compare(values, {"positives": total, "standard error": error}, routes, tolerance=1e-3 * error)
