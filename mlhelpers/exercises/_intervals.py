"""Judge the interval of a paired bootstrap: what a function returns for made predictions. Its drawings are its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers.exercises._answers import Wrong, read_array, read_numbers
from mlhelpers.exercises._register import Floats

NARROWER = "This is narrower than the middle 95 %; it leaves 2.5 % out at each end."


def middle(values: Floats, share: float = 0.95) -> Floats:
    """Return the two ends of the middle of some values."""
    return np.asarray(np.quantile(values, [(1 - share) / 2, (1 + share) / 2]))


def f1s(times: NDArray[Any], y: NDArray[Any], y_pred: NDArray[Any], average: str) -> Floats:
    """Return micro- or macro-F1 for each row of `times`, which says how often each sample counts."""
    tp, sizes = times @ (y & y_pred), times @ (y + y_pred)
    return np.asarray(2 * tp.sum(axis=1) / sizes.sum(axis=1) if average == "micro" else (2 * tp / sizes).mean(axis=1))


def judge_interval(
    returned: Any,
    differences: Floats,
    routes: Mapping[str, Callable[[], Floats]],
    *,
    drawn: str,
    compared: str,
    measure: str,
) -> float:
    """Compare what was returned with the middle 95 % of differences, and with the ends that wrong routes lead to.

    Returns the width of a right interval. A route gives two ends, or a row of two ends for each of several mistakes.
    `drawn`, `compared` and `measure` name for the messages what is drawn, what is compared, and by what.
    """
    found = read_array(returned, "two numbers, the lower and the upper end")
    if found.size >= 100:
        raise Wrong("It returns many numbers; return two quantiles of the differences, the lower and the upper end.")
    low, high = read_numbers(found, "lower end", "upper end")
    right = middle(differences)

    def near(ends: Floats) -> bool:  # as near as the chance of a thousand drawings makes them
        width = np.ptp(ends)
        return bool(np.abs(np.array([low, high]) - ends).max() < 0.1 * width and 0.89 < (high - low) / width < 1.12)

    if near(right):
        return float(high - low)
    if low == high:
        raise Wrong(
            f"Both ends are the same. Draw the {drawn} with replacement, as many as there are, again and again."
        )
    if low > high:
        raise Wrong("The ends are swapped: the 2.5 % quantile first, then the 97.5 % quantile.")
    if near(-right[::-1]):
        raise Wrong(f"The difference is the other way round: the first {compared} minus the second.")
    for message, route in routes.items():
        if any(near(ends) for ends in np.atleast_2d(route())):
            raise Wrong(message)
    raise Wrong(
        f"The interval is another one than that of the differences in {measure}, the first {compared} minus the "
        f"second, over a thousand drawings of as many {drawn} as there are."
    )
