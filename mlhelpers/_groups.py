"""Groups of samples: to which patient, author or video each belongs."""

from __future__ import annotations

from collections.abc import Mapping, Set
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlhelpers._names import check_same_samples
from mlhelpers._validation import array_of, refuse_batches

_WAY_OUT = "give one group per row, in order"


def number_groups(groups: Any, n_samples: int, **sides: Any) -> NDArray[np.intp]:
    """Return the number of each sample's group, in the order of the groups, whatever that of the samples.

    `sides` are arguments whose row indexes must be those of the groups.
    """
    values = _one_dimensional(groups)
    if values.shape != (n_samples,):
        raise ValueError(f"groups has shape {values.shape} for {n_samples} samples; {_WAY_OUT}")
    check_same_samples(**sides, groups=groups)
    if values.dtype.kind not in "biufSUmM":
        return _numbered_objects(values.astype(object))
    missing = values != values  # NaN and NaT
    if missing.any():
        raise _unknown(values[missing][0], int(missing.argmax()))
    return np.unique(values, return_inverse=True)[1].astype(np.intp)


def _one_dimensional(groups: Any) -> NDArray[Any]:
    """Return groups as an array; what a list holds stays as it is: NumPy would make "1" of 1 beside text."""
    refuse_batches(groups, "groups")
    if isinstance(groups, (str, bytes, Mapping, Set)) or sparse.issparse(groups) or not hasattr(groups, "__len__"):
        raise TypeError(f"groups is of type {type(groups).__name__}, expected a list or an array; {_WAY_OUT}")
    if isinstance(groups, np.ma.MaskedArray):
        values = np.asarray(groups).astype(object)
        values[np.ma.getmaskarray(groups)] = None
        return values
    return array_of(groups) if hasattr(groups, "shape") else np.fromiter(groups, dtype=object, count=len(groups))


def _numbered_objects(values: NDArray[Any]) -> NDArray[np.intp]:
    kinds: dict[bool, Any] = {}  # whether it is text, and the first that is or isn't
    for row, value in enumerate(values):
        try:
            hash(value)
        except TypeError:
            raise TypeError(
                f"groups holds {value!r} of type {type(value).__name__} at row {row}, expected numbers, text or other "
                "values that can be hashed and sorted; pass tuple(...) of a list, and .tobytes() of an array"
            ) from None
        if _is_missing(value):
            raise _unknown(value, row)
        kinds.setdefault(isinstance(value, str), value)
    if len(kinds) > 1:
        raise TypeError(
            f"groups holds the text {kinds[True]!r}, and {kinds[False]!r} of type {type(kinds[False]).__name__}: one "
            "group may be spelt in two ways; make all of them text, as in [str(group) for group in groups]"
        )
    try:
        ordered = sorted(set(values))
        has_order = all(a < b for a, b in pairwise(ordered))  # sets can be sorted, and are in no order then
    except TypeError:
        has_order = False
    if not has_order:
        raise TypeError(
            f"groups holds values that have no order, such as {values[0]!r} of type {type(values[0]).__name__}; make "
            "all of them text, as in [str(group) for group in groups]"
        )
    number = {value: i for i, value in enumerate(ordered)}
    return np.array([number[value] for value in values], dtype=np.intp)


def _is_missing(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_missing, value))
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _unknown(value: Any, row: int) -> ValueError:
    return ValueError(
        f"groups holds {value} at row {row}, so that the group of this sample is not known; leave such samples out, "
        "or give each a group of its own if it belongs with no other"
    )
