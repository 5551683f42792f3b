"""Names that data carry: of labels (columns) and of samples (row indexes), compared wherever two sides have them.

Numbers from 0 on are the names of what has none. They are not compared with other names, but with the same numbers in
another order: those come from rows or columns that were moved.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlhelpers._validation import names_of_labels


def label_names_of(values: Any) -> list[str] | None:
    """Return the names of the labels that a DataFrame, thresholds or a Series of one number per label carry."""
    names = getattr(values, "columns", None)
    if names is None:
        names = getattr(values, "label_names", None)
    if names is None and getattr(values, "ndim", 0) == 1:
        names = _index_of(values)
    return None if names is None else [str(name) for name in names]


def check_same_labels(**sides: Any) -> None:
    """Refuse arguments that carry names of labels which are not the same, in the same order."""
    named = {side: names for side, values in sides.items() if (names := label_names_of(values)) is not None}
    for (first, a), (other, b) in _pairs(named):
        if _may_be_the_same(np.array(a), np.array(b)):
            continue
        way_out = "put them into one order" if sorted(a) == sorted(b) else "give one label one name"
        k = next(k for k, (left, right) in enumerate(zip(a, b, strict=True)) if left != right)
        of_first, of_other = (f"{names}" if len(a) <= 10 else f"{names[k]!r} in column {k}" for names in (a, b))
        raise ValueError(
            f"{first} has the labels {of_first}, but {other} has {of_other}; {way_out}, or pass arrays without names "
            "(.to_numpy()) if they are in the same order already"
        )


def names_for(label_names: Any, n_labels: int, **sides: Any) -> list[str]:
    """Return one name per label: those given, or the first that one of the sides carries, or the column numbers.

    Those given may be others than those of a side, but not the same ones in another order.
    """
    named = {side: names for side, values in sides.items() if (names := label_names_of(values)) is not None}
    if label_names is None:
        return names_of_labels(next(iter(named.values()), None), n_labels)
    given = names_of_labels(label_names, n_labels)
    for side, own in named.items():
        if own == list(map(str, range(n_labels))) and sorted(given) != sorted(own):
            continue  # labels that are only numbered may be numbered otherwise
        labels = set(own)
        for k, label in enumerate(given):
            if label in labels and own[k] != label:
                raise ValueError(
                    f"label_names has {label!r} at position {k}, but {side} has it at {own.index(label)}; leave "
                    "label_names out, or put them into the order of the columns"
                )
    return given


def different_names(label_names: Any, n_labels: int, **sides: Any) -> tuple[str, ...]:
    """Return one name per label, all different: those given, or the first that one of the sides carries, or numbers.

    Names that are given must not be those of a side in another order.
    """
    names = names_for(label_names, n_labels, **sides)
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise ValueError(f"label_names holds {twice!r} twice; give every label a name of its own")
    return tuple(names)


def check_same_samples(**sides: Any) -> None:
    """Refuse DataFrames and Series whose row indexes are not the same, in the same order."""
    indexed = {side: index for side, values in sides.items() if (index := _index_of(values)) is not None}
    for (first, a), (other, b) in _pairs(indexed):
        if getattr(a, "equals", lambda _: False)(b):
            continue
        a, b = _comparable(a), _comparable(b)
        if _may_be_the_same(a, b):
            continue
        row = next(i for i, (left, right) in enumerate(zip(a, b, strict=True)) if left != right)
        raise ValueError(
            f"row {row} is {a[row]!r} in the index of {first}, but {b[row]!r} in that of {other}; put the rows into "
            f"one order, as in {other}.loc[{first}.index], or pass arrays (.to_numpy()) if they are in the same order "
            "already"
        )


def _pairs(sides: dict[str, Any]) -> list[tuple[tuple[str, Any], tuple[str, Any]]]:
    """Pair each side with those after it of the same length; that lengths differ is said by the checks of shapes."""
    items = list(sides.items())
    return [(a, b) for i, a in enumerate(items) for b in items[i + 1 :] if len(a[1]) == len(b[1])]


def _may_be_the_same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether names are equal, or one side has none and the other is not the same numbers in another order."""
    if np.array_equal(a, b):
        return True
    kinds = a.dtype.kind, b.dtype.kind
    if "i" in kinds and kinds[0] != kinds[1]:  # the same numbers may be text on one side
        a, b = a.astype(str), b.astype(str)
        if np.array_equal(a, b):
            return True
    numbers = np.arange(len(a)).astype(str if a.dtype.kind == "U" else int)
    numbered = [np.array_equal(side, numbers) for side in (a, b)]
    if not any(numbered):
        return False
    try:
        return not np.array_equal(np.sort(b if numbered[0] else a), np.sort(numbers))
    except TypeError:  # names of several types have no order, and are not those numbers
        return True


def _comparable(index: Any) -> NDArray[Any]:
    """Return an index as an array in which what is missing equals itself: neither NaN nor pandas.NA does."""
    values = np.asarray(index)
    if values.dtype.kind not in "Of":
        return values
    missing = [type(value).__name__ == "NAType" or bool(value != value) for value in values]
    if not any(missing):
        return values
    values = values.astype(object)
    values[missing] = None
    return values


def _index_of(values: Any) -> Any:
    """Return the row index of a DataFrame or a Series; None of what has none (a list has a method of that name)."""
    index = getattr(values, "index", None)
    return index if hasattr(index, "__len__") and not callable(index) else None
