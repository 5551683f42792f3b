"""What bootstraps share: their source of chance, and how often each resample draws each sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WEIGHTS_PER_BLOCK = 1 << 21  # of resamples times samples: 16 MiB


def check_random_state(random_state: Any) -> np.random.Generator:
    """Return NumPy's generator for what a function was asked for."""
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError):
        raise ValueError(
            f"random_state must be an integer of at least 0, a numpy.random.Generator or None, got {random_state!r}"
        ) from None


def resamples(
    n: int,
    n_resamples: int,
    rng: np.random.Generator,
    weight: NDArray[np.float64] | None,
    group: NDArray[np.intp] | None = None,
) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of resamples: how often each sample was drawn, times its weight, one resample in each row.

    With the number of each sample's group, groups are drawn, and take all of their samples along.
    """
    n_units = n if group is None else int(group.max()) + 1
    block = max(1, _WEIGHTS_PER_BLOCK // n)
    for start in range(0, n_resamples, block):
        size = min(block, n_resamples - start)
        drawn = np.array([np.bincount(rng.integers(n_units, size=n_units), minlength=n_units) for _ in range(size)])
        times = (drawn if group is None else drawn[:, group]).astype(np.float64)
        # Only the ratios of weights count, and those of a sample that is drawn many times must not leave 64 bits.
        yield times * (1 if weight is None else weight / weight.max())
