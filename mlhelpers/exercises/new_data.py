"""Judge functions once more, on data that nobody has seen: drawn anew, and compared with another computation.

A judge of the book has data of its own, always the same, so that what it says can be tested. A function that was made
to fit them would pass. These are for marks: they say right or wrong, and the judges say what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from mlhelpers.exercises import Verdict
from mlhelpers.exercises._evidence import EVIDENCE
from mlhelpers.exercises.answers import Wrong


def check_on_new_data(exercise: str, function: Callable[..., Any], seed: int | None = None) -> Verdict | None:
    """Say whether a function is right on new random data.

    Parameters
    ----------
    exercise : str
        Chapter and exercise, as in "05.2".
    function : callable
        An answer that `check` finds right.
    seed : int, optional
        Of the data; by default they are other ones each time.

    Returns
    -------
    Verdict or None
        None if there are no new data for this exercise, since its answer is no function, or is judged by hand.

    Raises
    ------
    ValueError
        In the student edition, which has no new data.

    Examples
    --------
    >>> check_on_new_data("14.4", lambda sizes, n, k: (4875, 476.5))
    14.4: not yet. Right on the data of the book, but not on new ones: a function must compute what it returns.
    """
    if exercise not in trials():
        return None
    trial, tries = trials()[exercise]
    rng = np.random.default_rng(seed)
    for _ in range(tries):
        try:
            trial(function, rng)
        except Wrong:
            continue
        return Verdict(exercise, True, "right")
    why = "Right on the data of the book, but not on new ones: a function must compute what it returns."
    return Verdict(exercise, False, f"not yet. {why}")


def trials() -> dict[str, tuple[Callable[..., None], int]]:
    """Return the trials, by exercise, each with the number of tries that chance makes necessary."""
    try:
        found: dict[str, tuple[Callable[..., None], int]] = import_module("mlhelpers.exercises._trials").TRIALS
    except ModuleNotFoundError:
        raise ValueError(
            "this mlhelpers is of the student edition, which can't give marks; install the one of the book"
        ) from None
    return found


def wanted_evidence() -> dict[str, str]:
    """Return what else has to be handed in, by exercise, where made-up numbers could meet the bounds."""
    return {exercise: wanted for exercise, (wanted, _) in EVIDENCE.items()}
