"""Arguments that a report and a comparison share: thresholds, the level of intervals, what is drawn for them."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers._groups import number_groups
from mlhelpers._scores import ROUNDING
from mlhelpers._validation import real_array


def check_threshold(
    threshold: Any, scores: NDArray[np.float64], name: str = "threshold", score_name: str = "y_score"
) -> NDArray[np.float64]:
    """Return one threshold per label; refuse probabilities as thresholds of what looks like logits."""
    n_labels = scores.shape[1]
    if isinstance(threshold, (bool, np.bool_, str)) or threshold is None:
        raise TypeError(f"{name} must be a number, or one number per label, got {threshold!r}")
    one = isinstance(threshold, numbers.Real) or getattr(threshold, "ndim", 1) == 0
    limits = real_array([threshold] if one else threshold, name, ("n_labels",))
    if not one and len(limits) != n_labels:
        raise ValueError(
            f"{name} has {len(limits)} values for {n_labels} labels; give one number, or one per column, in order"
        )
    if not np.isfinite(limits).all():
        raise ValueError(f"{name} holds {limits[~np.isfinite(limits)][0]}, expected finite numbers")
    outside = (scores < -ROUNDING) | (scores > 1 + ROUNDING)
    if outside.any() and ((limits > 0) & (limits < 1)).all():
        row, column = (int(i) for i in np.argwhere(outside)[0])
        looks_like = (
            f"percentages; pass {score_name} / 100"
            if scores.min() >= 0 and 10 < scores.max() <= 100
            else f"logits; pass scipy.special.expit({score_name}), or {name}=0 for logits "
            "(and for thresholds that were chosen on logits, expit of both)"
        )
        raise ValueError(
            f"{score_name} holds {scores[row, column]:g} at row {row}, column {column}, outside [0, 1], and the "
            f"{name} is a probability: these look like {looks_like}"
        )
    limits = np.broadcast_to(limits, (n_labels,)).copy()
    limits.flags.writeable = False
    return limits


def check_groups(groups: Any, n_samples: int, **sides: Any) -> NDArray[np.intp]:
    """Return the number of each sample's group; `sides` are arguments whose row indexes must be those of the groups."""
    numbered = number_groups(groups, n_samples, **sides)
    if numbered.max() == 0:
        raise ValueError("groups holds a single group, and drawing it again gives the same samples; leave groups out")
    return numbered
