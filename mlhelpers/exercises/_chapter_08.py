"""Judges of chapter 8, rare labels."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import Wrong, call, compare, read_array, read_numbers
from mlhelpers.exercises._intervals import NARROWER, judge_interval, middle
from mlhelpers.exercises._register import Floats, exercise


@exercise("08.1")
def _positives_for_a_recall(answer: Any) -> None:
    recall, reach, frequency = 0.3, 0.05, 0.004

    def needed(z: float = 1.96, within: float = reach, r: float = recall) -> Floats:
        k = np.ceil(z**2 * r * (1 - r) / within**2)
        return np.array([k, k / frequency])

    right = needed()
    values = read_numbers(answer, "positives", "comments")
    if values[0] > values[1]:
        raise Wrong("There are more comments than positives: divide by the frequency of the label.")
    wrong = {
        "This is for a recall of 0.5, the worst case; the question expects 0.3.": needed(r=0.5),
        "This is 1 / √n solved for n, the rule for the worst case; the question expects a recall of 0.3.": needed(
            z=2, r=0.5
        ),
        "The 95 % interval reaches 1.96 standard errors to each side; here it is one.": needed(z=1),
        "This is for an interval that is 0.05 wide; ±0.05 is twice as wide.": needed(within=reach / 2),
        "Comments: this is the number for a label in one of a thousand comments; here it is in four.": [
            right[0],
            right[0] * 1000,
        ],
    }
    scaled = {message: np.asarray(route) / right for message, route in wrong.items()}
    compare(values / right, {"positives": 1.0, "comments": 1.0}, scaled, tolerance=0.01)


@exercise("08.2")
def _rows_repeated(answer: Any) -> None:
    def after(m: float, n_rows: float | None = None, more: float = 0) -> list[float]:
        return [m, (2200 - 12 + 12 * m + more) / (9960 + 40 * m if n_rows is None else n_rows)]

    wrong = {
        "With 25 times there would be 1,000 scenes with a 9, but the table grows by them, too.": [25, np.nan],
        "One too few: just below one in ten. Round up, and count the first time along.": [27, np.nan],
        "The fraction of 3s: the table has grown; divide by its rows, not by 10,000.": after(28, 10_000),
        "The fraction of 3s: the 12 are counted once too often; they are among the 2,200 already.": after(28, more=12),
        "The fraction of 3s: this is the one before; the scenes with a 9 bring their 3s along.": [28, 0.22],
        "The fraction of 3s: only the scenes with a 9 and a 3 are repeated, 12 of the 40.": [
            28,
            (2200 + 40 * 27) / 11_080,
        ],
        "The fraction of 3s: no 3 was repeated here, but 12 of the 40 scenes show one.": [28, 2200 / 11_080],
    }
    compare(answer, dict(zip(("how many times", "fraction of 3s"), after(28), strict=True)), wrong, tolerance=0.001)


@cache
def _made(n_columns: int, by_lot: bool) -> tuple[Floats, NDArray[np.int64]]:
    """Return features and a rare label, which they tell, or don't."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, n_columns)), np.zeros(400, dtype=np.int64)
    y[rng.choice(400, 20, replace=False)] = 1
    if not by_lot:
        X[:, :5] += 1.5 * y[:, None]
    return X, y


@exercise("08.3")
def _weights_as_repetition(answer: Any) -> str:
    from sklearn.linear_model import LogisticRegression

    (X, y), m = _made(12, by_lot=False), 7
    wanted = "the coefficients, one per column of X"
    found = read_array(call(answer, X, y, m), wanted).astype(float).ravel()
    if found.size != X.shape[1]:
        with_intercept = "; leave the intercept out" if found.size == X.shape[1] + 1 else ""
        raise Wrong(f"It returns {found.size} numbers for {X.shape[1]} columns{with_intercept}. Return {wanted}.")

    def coefficients(of_positives: float = 1.0, of_negatives: float = 1.0) -> Floats:
        weights = np.where(y == 1, of_positives, of_negatives)
        return np.asarray(LogisticRegression().fit(X, y, sample_weight=weights).coef_[0])

    def near(these: Floats) -> bool:
        return bool(np.abs(found - these).max() < 0.01)

    rows = np.repeat(np.arange(len(y)), np.where(y == 1, m, 1))
    if near(np.asarray(LogisticRegression().fit(X[rows], y[rows]).coef_[0])):
        return f"on made data they agree to {np.abs(found - coefficients(m)).max():.0e}"
    ratio = (y == 0).sum() / (y == 1).sum()
    wrong = {
        "These are the coefficients without weights.": coefficients(),
        "This weight is one too low: the row itself counts, too.": coefficients(m - 1),
        "This weight is one too high: the positive is there m times in all.": coefficients(m + 1),
        "Here the negatives have the weight.": coefficients(1, m),
        'This is class_weight="balanced", which takes no m.': coefficients(
            len(y) / (2 * (y == 1).sum()), len(y) / (2 * (y == 0).sum())
        ),
        "This is the weight at which both classes count the same, negatives / positives; it should be m.": coefficients(
            ratio
        ),
        "Here all rows have the weight m.": coefficients(m, m),
    }
    for message, route in wrong.items():
        if near(route):
            raise Wrong(message)
    raise Wrong("These are other coefficients than those with every positive there m times.")


@exercise("08.4")
def _oversampled_in_the_folds(answer: Any) -> str:
    """Judge a function by a label that can be learned and by two drawn by lot."""
    from sklearn.metrics import average_precision_score

    def scores_of(n_columns: int, by_lot: bool) -> tuple[NDArray[np.int64], Floats]:
        X, y = _made(n_columns, by_lot)
        scores = read_array(call(answer, X, y), "one probability per row of X").astype(float)
        if scores.shape == (len(y), 2):
            raise Wrong("It returns two columns; column 1 belongs to the label.")
        if scores.size != len(y):
            raise Wrong(
                f"It returns {scores.size} values for {len(y)} rows. Copies that were made for training are not to be "
                "judged: resample within the training folds."
            )
        if not np.isfinite(scores).all():
            raise Wrong("There are probabilities in it that are NaN or infinite.")
        if len(np.unique(scores)) <= 2:
            raise Wrong("These are decisions; return the probabilities.")
        return y, scores.ravel()

    y, learned = scores_of(12, by_lot=False)
    ap, reverse = (average_precision_score(y, sign * learned) for sign in (1, -1))
    if reverse > max(ap, 0.3):
        raise Wrong("The scores rank the label last: they are probabilities of its absence; take column 1.")
    if ap < 0.3:
        raise Wrong(f"On a label that can be learned its AP is only {ap:.2f}: do the rows keep their order?")
    by_lot = average_precision_score(*scores_of(150, by_lot=True))  # so many columns that it knows rows by heart
    if by_lot > 0.2:
        raise Wrong(
            f"On a label drawn by lot its AP is {by_lot:.2f}, at a frequency of 0.05: the model was trained on the "
            "rows that it is judged on, or on copies of them."
        )
    if scores_of(12, by_lot=True)[1].mean() < 0.2:
        raise Wrong(
            "Its probabilities are as low as the label is rare. With as many positives as negatives in the training "
            "folds they would be higher."
        )
    return f"AP {ap:.2f} on a label that can be learned, {by_lot:.2f} on one drawn by lot"


@exercise("08.5")
def _paired_average_precision(answer: Any) -> str:
    """Judge a function by what it returns for two made rankings."""
    rng = np.random.default_rng(3)
    y = (rng.random(500) < 0.15).astype(np.int8)
    common = 1.2 * y + rng.normal(size=500)
    better, worse = common + 0.5 * y + 0.3 * rng.normal(size=500), common + 0.8 * rng.normal(size=500)
    drawn, others = (rng.multinomial(500, np.full(500, 1 / 500), size=3000) for _ in range(2))
    a, b = (_average_precisions(drawn, y, scores) for scores in (better, worse))
    routes = {
        "This is the interval of one ranking's AP; take the difference in every drawing.": lambda: np.stack(
            [middle(a), middle(b)]
        ),
        "This is as wide as if the rows were drawn for each ranking alone; draw the same for both.": lambda: middle(
            a - _average_precisions(others, y, worse)
        ),
        NARROWER: lambda: middle(a - b, 0.9),
    }
    returned = call(answer, y, better, worse)
    width = judge_interval(returned, a - b, routes, drawn="rows", compared="ranking", measure="AP")
    return f"for two made rankings it is {width:.3f} wide"


def _average_precisions(times: NDArray[Any], y: NDArray[Any], scores: Floats) -> Floats:
    """Return AP for each row of `times`, which says how often each sample counts; all scores differ."""
    order = np.argsort(-scores)
    counted = times[:, order]
    positives = counted * y[order]
    precision = positives.cumsum(axis=1) / np.maximum(counted.cumsum(axis=1), 1)
    return np.asarray((positives * precision).sum(axis=1) / positives.sum(axis=1))
