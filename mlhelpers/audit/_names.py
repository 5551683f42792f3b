"""Names of classes, so that neither library has to be imported to ask what an object is."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any


def plain_name(name: str) -> str:
    """Return a name in the one spelling of all of Keras's: F1Score, f1_score."""
    return name.replace("_", "").lower()


def kinds_of(item: Any) -> frozenset[str]:
    """Return the plain names of what an object is, as far as Keras, scikit-learn or this package defines it.

    By name, so that neither library has to be imported to ask.
    """
    if isinstance(item, partial):
        return kinds_of(item.func)
    definitions = [item] if inspect.isfunction(item) else type(item).__mro__
    return frozenset(plain_name(d.__name__) for d in definitions if is_known(d.__module__))


def is_known(module: str) -> bool:
    return module.split(".")[0] in ("keras", "sklearn", "mlhelpers")


def name_of(item: Any) -> str:
    if isinstance(item, str):
        return f'"{item}"'
    if isinstance(item, partial):
        return name_of(item.func)
    return str(getattr(item, "__name__", type(item).__name__))


def option_of(item: Any, name: str, default: Any) -> Any:
    """Return an argument of an object, a partial or a function, as it was given or as it is by default."""
    if isinstance(item, partial):
        return item.keywords[name] if name in item.keywords else option_of(item.func, name, default)
    if inspect.isfunction(item):
        parameter = inspect.signature(item).parameters.get(name)
        return default if parameter is None or parameter.default is parameter.empty else parameter.default
    return getattr(item, name, default)


def is_own(item: Any) -> bool:
    """Whether a loss was written by the user."""
    if isinstance(item, partial):
        return is_own(item.func)
    return not is_known((item if inspect.isfunction(item) else type(item)).__module__)


def first_five(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def listed(values: Any) -> str:
    return ", ".join(f"{value:g}" for value in values)
