"""Exercises of one's own, and marks in the notebook itself."""

from __future__ import annotations

import contextlib
import io
import math
import re
import warnings
from collections.abc import Callable
from numbers import Real
from typing import Any

from mlhelpers.exercises._facts import JUDGED, OWN, Facts, Own


def checked_points(points: Any) -> float:
    """Return points as a float, if they can be a mark."""
    if isinstance(points, bool) or not isinstance(points, Real) or not 0 < float(points) < math.inf:
        raise ValueError(f"points must be a number above 0, got {points!r}")
    return float(points)


def mark(judged: Callable[[], Any], exercise: str, points: float) -> float:
    """Return the points if the verdict is right, else 0.0, and print it; nothing else reaches the output."""
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # graders take a line on stderr for a failure
            with contextlib.redirect_stderr(io.StringIO()):
                verdict = judged()
                right, line = verdict.right is True, f"{exercise}: {verdict.message}"
    except Exception as error:  # whatever an answer does to its judge
        right, line = False, f"{exercise}: not yet. Judging it ended in {type(error).__name__}."
    print(f"{line} [{points if right else 0:g} of {points:g} points]")
    return points if right else 0.0


def new_exercise(
    name: Any, judge: Any, hint: Any, solution: Any, taken: Callable[[str], bool], facts: dict[str, Any]
) -> Own:
    """Return an exercise of one's own, or say what is wrong with it."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", name):
        raise ValueError(f'name must be letters, digits, dots, "-" and "_", as in "week3.1", got {name!r}')
    if name in OWN or taken(name):
        raise ValueError(f"name {name!r} is taken by another exercise; choose one that exercises.table() doesn't have")
    if not callable(judge):
        raise TypeError(f"judge must be a function of an answer, got {type(judge).__name__}")
    for argument, text in (("hint", hint), ("solution", solution)):
        if not isinstance(text, str):
            raise TypeError(f"{argument} must be text, got {type(text).__name__}")
    if facts["judged"] not in JUDGED:
        raise ValueError(f"judged must be one of {', '.join(JUDGED)}, got {facts['judged']!r}")
    return Own(judge, hint, solution, Facts(name, **{**facts, "points": checked_points(facts["points"])}))
