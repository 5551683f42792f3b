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
    refuse_batches(values, name)
    try:
        array = array_of(values)
        if array.dtype == object and array.ndim == len(shape):
            array = numbers_in_objects(array)
        rows = values if isinstance(values, (list, tuple)) else ()
        if any(isinstance(part, np.ma.MaskedArray) for part in (values, *rows)) or array.dtype.kind not in "biuf":
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


def array_of(values: Any) -> NDArray[Any]:
    """Return values as an array, with what is missing in a column kept missing.

    pandas casts columns of unequal categories to the common type, in which a missing one becomes 0 or 1; half-precision
    numbers of another kind than NumPy's become single ones.
    """
    dtypes = list(getattr(values, "dtypes", ())) if hasattr(values, "iloc") and getattr(values, "ndim", 0) == 2 else []
    if any(type(dtype).__name__ == "CategoricalDtype" for dtype in dtypes):
        return np.column_stack([values.iloc[:, j].astype(object).to_numpy() for j in range(len(dtypes))])
    array = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


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
        elif value is not None and value is not np.ma.masked and type(value).__name__ != "NAType":
            raise TypeError(value, index)
    return found


def refuse_batches(values: Any, name: str) -> None:
    """Say what to pass in place of a data set that gives batches, such as Keras's PyDataset or tf.data's."""
    if any(kind.__name__ in ("PyDataset", "DatasetV2", "DataLoader") for kind in type(values).__mro__):
        raise TypeError(
            f"{name} is of type {type(values).__name__}, which gives batches; pass arrays, as in "
            f"numpy.concatenate([y for x, y in data]) for labels and model.predict(data) for scores, without shuffling"
        )


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


def check_confidence(confidence: Any) -> float | None:
    """Return a level of confidence between 0 and 1, or None."""
    if confidence is None:
        return None
    if isinstance(confidence, bool) or not isinstance(confidence, numbers.Real):
        raise TypeError(f"confidence must be a number or None, got {confidence!r}; for example 0.95")
    if not 0 < float(confidence) < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}; for example 0.95")
    return float(confidence)
