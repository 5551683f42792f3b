"""Intervals of proportions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri


def wilson_interval(successes: NDArray[Any], n: NDArray[Any], level: float) -> NDArray[np.float64]:
    """Return Wilson's score intervals of ``successes / n``, shape (len(n), 2): Wilson (1927), p. 209 to 212.

    NaN where there is nothing to divide by.
    """
    z = ndtri((1 + level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = successes / n
        centre = share + z**2 / (2 * n)
        spread = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2.0))
        low, high = (centre - spread) / (1 + z**2 / n), (centre + spread) / (1 + z**2 / n)
    # Rounding would leave these ends a little off.
    low[(successes == 0) & (n > 0)] = 0
    high[(successes == n) & (n > 0)] = 1
    return np.stack([low, high], axis=1)
