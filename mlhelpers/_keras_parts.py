"""What losses and metrics for Keras share: checks of arguments and shapes, and which labels are known."""

from __future__ import annotations

import numbers
from typing import Any

import keras
import ml_dtypes  # which Keras itself depends on
import numpy as np
from keras import ops

_MOST_OF_HALF_PRECISION = 65504


def matrices_of_one_shape(y_true: Any, y_pred: Any) -> Any:
    """Return y_true if both are matrices of one shape; refuse what would broadcast in silence."""
    try:
        shapes = tuple(y_true.shape), tuple(y_pred.shape)
    except ValueError:  # TensorFlow knows not even the number of sides
        raise ValueError(
            "y_true or y_pred has an unknown number of dimensions, expected (batch, n_labels); "
            "set the shape in the input pipeline, as with tf.ensure_shape(y, (None, n_labels))"
        ) from None
    sides = list(zip(*shapes, strict=False))
    if not len(shapes[0]) == len(shapes[1]) == 2 or any(None not in pair and pair[0] != pair[1] for pair in sides):
        raise ValueError(
            f"y_true has shape {shapes[0]} and y_pred has shape {shapes[1]}; both must be the same "
            "(batch, n_labels); give the output layer one unit per label, and reshape a single label to (batch, 1)"
        )
    if None in sides[1]:  # only the running program knows the number of labels; stacking demands equal shapes
        return ops.unstack(ops.stack([y_true, y_pred]), 2)[0]
    return y_true


def is_observed(y_true: Any, mask_value: float) -> Any:
    """Return where labels are known; NaN stands for itself, though it equals nothing.

    Labels may have been rounded to half or single precision on their way, and the value that stands for "unknown" with
    them: -9999 is -9984 in bfloat16. So what lies within that rounding is unknown, too.
    """
    if mask_value != mask_value:
        return ops.logical_not(ops.isnan(y_true))
    rounded = float(np.asarray(mask_value).astype(precision(keras.backend.standardize_dtype(y_true.dtype)).dtype))
    if np.isinf(rounded):
        return ops.not_equal(y_true, rounded)
    near = ops.abs(y_true - rounded) <= abs(rounded) * 2.0**-8  # false of NaN
    if abs(rounded) > _MOST_OF_HALF_PRECISION:  # of which it makes infinity
        near = ops.logical_or(near, ops.equal(y_true, np.inf if rounded > 0 else -np.inf))
    return ops.logical_not(near)


def checked_mask_value(mask_value: Any) -> float | None:
    """Return the value that stands for an unknown label, unless it could be a label."""
    if mask_value is None:
        return None
    if isinstance(mask_value, bool) or not isinstance(mask_value, numbers.Real):
        raise TypeError(f"mask_value must be a number or None, got {mask_value!r} of type {type(mask_value).__name__}")
    if 0 <= float(mask_value) <= 1:
        raise ValueError(f"mask_value is {mask_value}, which labels have, too; mark unknown labels with -1 or NaN")
    return float(mask_value)


def checked_flag(value: Any, name: str) -> bool:
    """Return a flag that is given as True or False and not as something that is only true."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def precision(dtype: str) -> Any:
    """Return what a floating-point type can hold."""
    return ml_dtypes.finfo(dtype)  # type: ignore[no-untyped-call]  # NumPy's own lacks bfloat16
