"""Check answers to the exercises of the book, and show their hints and solutions.

An exercise has a name, "CC.N": the chapter's number and its own. Nothing here needs a notebook or a network, and
only the answers of exercise 02.4 need Keras, since they are Keras metrics.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from mlhelpers.exercises._answers import Wrong
from mlhelpers.exercises._register import JUDGES, Judge

__all__ = ["Verdict", "check", "hint", "solution"]


@dataclass(frozen=True, repr=False)
class Verdict:
    """What `check` says about an answer; true if the answer is right.

    Attributes
    ----------
    exercise : str
        The exercise's name, as in "02.3".
    right : bool
    message : str
        What is wrong, in the terms of the chapter; "right" if nothing is.
    """

    exercise: str
    right: bool
    message: str

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return f"{self.exercise}: {self.message}"


def check(exercise: str, answer: Any) -> Verdict:
    """Say whether an answer is right, and if not, what is wrong with it.

    Parameters
    ----------
    exercise : str
        Chapter and exercise, as in "02.3".
    answer : object
        What the exercise asks for: a number, several numbers, a label set, a matrix, a name, a function or a class.
        Numbers may come as Python or NumPy numbers, lists, arrays or data frames, and count as right within 0.005
        where the exercise doesn't say otherwise. A function is called on small made data.

    Returns
    -------
    Verdict
        One line when it is printed (a notebook shows it by itself), true if the answer is right. It never holds the
        right answer.

    Raises
    ------
    ValueError
        If there is no such exercise.

    Notes
    -----
    Right values are computed when they are first needed, from the data of the book. What depends on the training of
    a network is compared with bounds and relations that hold on every machine.

    Examples
    --------
    >>> check("00.1", 0.03)
    00.1: not yet. This is a fraction of the scenes; the question asks for their number.

    A list of answers:

    >>> answers = {"00.1": 12, "00.3": {3, 7}, "02.1": ...}
    >>> sum(bool(check(exercise, answer)) for exercise, answer in answers.items())
    0
    """
    judge = _judge(_known(exercise))
    if answer is ... or (isinstance(answer, (list, tuple)) and any(part is ... for part in answer)):
        todo = f'put your answer in the place of the three dots; exercises.hint("{exercise}") helps'
        return Verdict(exercise, False, todo)
    try:
        remark = judge(answer)
    except Wrong as wrong:
        return Verdict(exercise, False, f"not yet. {wrong}")
    return Verdict(exercise, True, f"right; {remark}" if remark else "right")


def hint(exercise: str) -> None:
    """Print the hint to an exercise.

    Parameters
    ----------
    exercise : str
        Chapter and exercise, as in "02.3".

    Raises
    ------
    ValueError
        If there is no such exercise.

    Examples
    --------
    >>> hint("03.2")
    Each inner classifier sees one column and knows nothing of the others.
    """
    print(_texts()[_known(exercise)]["hint"])


def solution(exercise: str) -> None:
    """Print the solution of an exercise, as it stands in the chapter, whose variables it uses.

    Parameters
    ----------
    exercise : str
        Chapter and exercise, as in "02.3".

    Raises
    ------
    ValueError
        If there is no such exercise.
    """
    print(_texts()[_known(exercise)]["solution"])


@cache
def _texts() -> dict[str, dict[str, str]]:
    """Return hints and solutions, which `make run` takes from the chapters."""
    stored = files("mlhelpers.exercises").joinpath("texts.json").read_text("utf-8")
    texts: dict[str, dict[str, str]] = json.loads(stored)
    return texts


def _judge(exercise: str) -> Judge:
    """Return the judge of an exercise; only those of its chapter are loaded."""
    import_module(f"mlhelpers.exercises._chapter_{exercise[:2]}")
    return JUDGES[exercise]


def _known(exercise: Any) -> str:
    names = _texts()
    if not isinstance(exercise, str) or exercise not in names:
        raise ValueError(f'exercise must be one of {", ".join(names)}, got {exercise!r}; "02.3" is 3 of chapter 2')
    return exercise
