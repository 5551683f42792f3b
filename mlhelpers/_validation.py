"""Checks of arguments that several modules share."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray


def whole_number(value: Any, name: str, *, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {value!r} of type {type(value).__name__}; use int(...)")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def real_array(values: Any, name: str, shape: tuple[str, ...]) -> NDArray[np.float64]:
    """Return values as floats with as many dimensions as `shape` names, none of them empty; don't write into them."""
    expected = f"({', '.join(shape)}{',' * (len(shape) == 1)})"
    try:
        array = np.asarray(values)
        if array.dtype == object and array.ndim == len(shape):
            array = numbers_in_objects(array)
        if isinstance(values, np.ma.MaskedArray) or array.dtype.kind not in "biuf":
            raise TypeError
    except (TypeError, ValueError):
        dtype = f" of dtype {array.dtype}" if hasattr(values, "dtype") or hasattr(values, "dtypes") else ""
        raise TypeError(
            f"{name} must be an array of real numbers of shape {expected}, got {type(values).__name__}{dtype}; "
            "pass a NumPy array without a mask, text or rows of different lengths"
        ) from None
    if array.ndim != len(shape) or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}, expected {expected} with no side of length 0")
    return array.astype(float, copy=False)


def sample_weights(values: Any, n_samples: int) -> NDArray[np.float64]:
    """Return one finite weight of at least 0 per sample, not all 0; don't write into them."""
    weight = real_array(values, "sample_weight", ("n_samples",))
    if len(weight) != n_samples:
        raise ValueError(f"sample_weight has {len(weight)} values for {n_samples} samples; give one weight per sample")
    wrong = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if len(wrong):
        raise ValueError(
            f"sample_weight holds {weight[wrong[0]]} at row {wrong[0]}, expected finite numbers of at least 0; "
            "give samples that shall not count a weight of 0"
        )
    if not weight.any():
        raise ValueError("sample_weight is zero for every sample; give those that shall count a weight above 0")
    return weight


def names_of_labels(label_names: Any, n_labels: int) -> list[str]:
    """Return one name per label: those given, or the column numbers."""
    if label_names is None:
        return [str(i) for i in range(n_labels)]
    if isinstance(label_names, (str, Set, Mapping)) or not isinstance(label_names, Iterable):
        raise TypeError(
            f"label_names must be a sequence of names, got {type(label_names).__name__}; "
            "give a list with one name per column, in order"
        )
    names = [str(name) for name in label_names]
    if len(names) != n_labels:
        raise ValueError(
            f"label_names has {len(names)} names for {n_labels} labels; give one name per column, in order"
        )
    return names


def numbers_in_objects(values: NDArray[Any]) -> NDArray[np.float64]:
    """Read Python objects, which nullable and pyarrow columns of pandas become: numbers, with None and NA as NaN.

    Raises
    ------
    TypeError
        At the first that is neither; its arguments are the object and its place.
    """
    found = np.full(values.shape, np.nan)
    for index, value in np.ndenumerate(values):
        if isinstance(value, (bool, int, float, Decimal, np.bool_, np.integer, np.floating)):
            try:
                found[index] = float(value)
            except OverflowError:  # an int of more than 300 digits
                found[index] = np.inf
        elif value is not None and type(value).__name__ != "NAType":
            raise TypeError(value, index)
    return found


def refuse_one_array_per_label(values: Any, name: str) -> None:
    """Say what to make of the outputs of a model that has one per label: a reshape would mix up samples and labels."""
    if isinstance(values, Mapping) and values and all(getattr(part, "ndim", 0) == 2 for part in values.values()):
        raise TypeError(
            f"{name} is a dict of {len(values)} arrays; make one matrix of it with "
            f"numpy.hstack([{name}[label] for label in ...]), in the order of the labels"
        )
    if isinstance(values, (list, tuple)) and values and all(_is_column(part) for part in values):
        raise ValueError(
            f"{name} holds {len(values)} columns, one array per label, as a Keras model with one output per label "
            f"gives them; make one matrix of it with numpy.hstack({name})"
        )


def _is_column(part: Any) -> bool:
    return getattr(part, "ndim", 0) == 2 and part.shape[1] == 1
