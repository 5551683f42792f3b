"""Read what a student hands in, compare it with right and wrong values, and say what is wrong.

Nothing here prints an answer or its repr, which can be huge.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set, ValuesView
from copy import deepcopy
from decimal import Decimal
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Routes: TypeAlias = Mapping[str, ArrayLike | Callable[[], ArrayLike]]  # what is wrong, and what one gets that way

ANY = np.nan  # in a wrong route: whatever the answer has here
_INFINITE = "this is infinite; look for a division by zero."


class Wrong(Exception):  # noqa: N818 (not an error of the program)
    """Says what is wrong with an answer."""


def kind_of(answer: Any) -> str:
    """Say what an answer is that should be something else, and the way out."""
    if answer is None:
        return "None, which print and functions without a return give"
    if isinstance(answer, type):
        return "a class"
    for kind, text in (
        ((str, bytes), "text; leave out the quotation marks or the formatting"),
        (Mapping, "a dict; write its values as a list, in the order asked for"),
        (Set, "a set, which has no order; write a list"),
        (Iterator, "an iterator; put list(...) around it"),
    ):
        if isinstance(answer, kind):
            return text
    return "a function; call it" if callable(answer) else f"of type {type(answer).__name__}"


def read_array(answer: Any, wanted: str) -> NDArray[Any]:
    """Return an answer as an array of real numbers or booleans."""
    unusable = Wrong(f"This is {kind_of(answer)}. The question asks for {wanted}.")
    if answer is None or isinstance(answer, (type, str, bytes, Mapping, Set, Iterator)):
        raise unusable
    if isinstance(answer, ValuesView):
        answer = list(answer)
    try:
        array = np.asarray(answer.toarray() if sparse.issparse(answer) else answer)
        if array.dtype == object and all(isinstance(part, (Real, Decimal, np.bool_)) for part in array.flat):
            array = array.astype(float)
    except Exception:  # whatever a foreign object raises
        raise unusable from None
    if array.dtype.kind == "c":
        raise Wrong(f"This holds complex numbers. The question asks for {wanted}.")
    if array.dtype.kind not in "biuf":
        if array.ndim:
            raise Wrong(f"Not everything in this is a number. The question asks for {wanted}.")
        raise unusable
    return array


def read_numbers(answer: Any, *names: str, finite: bool = True) -> NDArray[np.float64]:
    """Return an answer as one number per name."""
    one = len(names) == 1
    wanted = f"one number, {names[0]}" if one else f"{len(names)} numbers: {', '.join(names)}"
    if _has_a_list_inside(answer):
        raise Wrong(f"There is a list inside the list; write the numbers side by side. The question asks for {wanted}.")
    array = read_array(answer, wanted)
    if array.size != len(names):
        per_label = "; that may be one per label, before they are averaged" if array.shape == (10,) else ""
        raise Wrong(f"This has shape {array.shape}{per_label}. The question asks for {wanted}.")
    if array.dtype.kind == "b":
        raise Wrong(f"This is True or False. The question asks for {wanted}.")
    values = array.astype(float).ravel()
    for name, value in zip(names, values, strict=True):
        if np.isnan(value):
            raise Wrong(f"{capital(name)}: this is NaN, so somewhere 0 was divided by 0, or a value was missing.")
        if finite and np.isinf(value):
            raise Wrong(f"{capital(name)}: {_INFINITE}")
    return values


def _has_a_list_inside(answer: Any) -> bool:
    """Tell if a list holds lists beside numbers, or lists of different lengths: no array has this shape."""
    if not isinstance(answer, (list, tuple)):
        return False
    lengths = {
        len(part) if isinstance(part, (list, tuple)) or (isinstance(part, np.ndarray) and part.ndim) else None
        for part in answer
    }
    return len(lengths) > 1


def read_fractions(answer: Any, *names: str) -> NDArray[np.float64]:
    """Return an answer as one number from 0 to 1 per name."""
    values = read_numbers(answer, *names)
    for name, value in zip(names, values, strict=True):
        if value > 1:
            raise Wrong(f"{capital(name)}: this is above 1; the book gives fractions, not percent.")
        if value < 0:
            raise Wrong(f"{capital(name)}: this is negative, and no fraction is.")
    return values


def capital(text: str) -> str:
    """Return text with a capital at its beginning, and the rest as it is."""
    return text[:1].upper() + text[1:]


def compare(answer: Any, expected: Mapping[str, float], routes: Routes, tolerance: float = 0.005) -> None:
    """Compare numbers with the expected ones, then with those of the wrong routes, then look for common slips."""
    values, right = read_numbers(answer, *expected, finite=False), np.array([*expected.values()], dtype=float)

    def same(these: ArrayLike) -> NDArray[np.bool_]:
        return np.isnan(these) | np.isclose(values, these, rtol=0, atol=tolerance)

    if same(right).all():
        return
    for message, route in routes.items():
        if same(route() if callable(route) else route).all():
            raise Wrong(message)
    first = int(np.argmin(same(right)))
    name, value, truth = list(expected)[first], values[first], right[first]
    raise Wrong(f"{capital(name)}: {_slip(value, truth, tolerance)}")


def _slip(value: float, truth: float, tolerance: float) -> str:
    if np.isinf(value):
        return _INFINITE
    if truth and abs(value / 100 - truth) <= tolerance:
        return "this is in percent; the book gives fractions."
    if truth and abs(value + truth) <= tolerance:
        return "the sign is the wrong way round."
    if abs(value - truth) <= 5 * tolerance:
        return f"close, but not within {tolerance:g}; check the last step, and round less."
    return "this is another value than the one asked for."


def read_matrix(answer: Any, shape: tuple[int, int], what: str) -> NDArray[Any]:
    """Return an answer as a matrix of this shape."""
    array = read_array(answer, f"{what}, shape {shape}")
    if array.shape != shape:
        splits = {4000: "; these may be the training scenes", 1000: "; these may be the validation scenes"}
        which = splits.get(array.shape[0], "") if array.ndim else ""
        raise Wrong(f"This has shape {array.shape}{which}. The question asks for {what}, shape {shape}.")
    if not np.isfinite(array).all():
        raise Wrong("There are values in it that are NaN or infinite.")
    return array


def read_label_set(answer: Any) -> set[int]:
    """Return a label set that is given as digits or as a row (or equal rows) of a label matrix."""
    wanted = "a label set such as {4, 6}, or its row of a label matrix"
    if isinstance(answer, (Set, Mapping)) and (isinstance(answer, Set) or not answer):
        answer = list(answer)
    if isinstance(answer, (list, tuple)) and answer and all(isinstance(part, str) for part in answer):
        answer = [int(part) if part.isdecimal() and part.isascii() else -1 for part in answer]  # scenes.label_names
    array = read_array(answer, wanted)
    if array.ndim == 2 and array.shape[1] == 10 and len(array) and (array == array[0]).all():
        array = array[0]
    if array.ndim != 1:
        raise Wrong(f"This has shape {array.shape}. The question asks for {wanted}.")
    if array.shape == (10,) and np.isin(array, (0, 1)).all():
        return set(np.flatnonzero(array).tolist())
    if array.dtype.kind == "b" or not np.isin(array, np.arange(10)).all():
        raise Wrong(f"Not everything in this is a digit from 0 to 9. The question asks for {wanted}.")
    return {int(digit) for digit in array}


def read_two(answer: Any, wanted: str) -> tuple[Any, Any]:
    """Return the two parts of an answer."""
    if isinstance(answer, np.ndarray):
        answer = list(np.atleast_1d(answer))
    if not isinstance(answer, (list, tuple, ValuesView)) or len(answer) != 2:
        raise Wrong(f"The question asks for two things, as a list or a tuple: {wanted}.")
    first, second = answer
    return first, second


def call(function: Any, *arguments: Any) -> Any:
    """Call what was handed in, on copies that it may change."""
    if not callable(function):
        raise Wrong(f"This is {kind_of(function)}. The question asks for a function, not for what it returns.")
    try:
        return function(*deepcopy(arguments))
    except (Exception, SystemExit) as error:  # whatever it raises
        reason = next(iter(str(error).splitlines()), "")[:200]
        raise Wrong(f"Called on small made data, it raises {type(error).__name__}: {reason}") from None


def compare_name(answer: Any, wanted: str, right: str, others: Mapping[str, str]) -> None:
    """Compare a name, or the name of a class, a function or an object's type, however it is spelled."""
    known = isinstance(answer, (str, type)) or callable(answer) or type(answer).__name__.lower() in {right, *others}
    name = answer if isinstance(answer, str) else getattr(answer, "__name__", type(answer).__name__)
    words = re.findall(r"[a-z][^.]*", str(name).lower())  # "keras", "metrics", "binary_accuracy"
    name = re.sub(r"averaged?|[^a-z]", "", words[-1]) if words else ""
    if not known or not name:
        raise Wrong(f"This is {kind_of(answer)}. The question asks for {wanted}, as text.")
    if name != right:
        raise Wrong(others.get(name, f"That is not {wanted} that occurs here."))
