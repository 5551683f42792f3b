"""Stands in for the exercises in a submission's process: what is checked here is judged by the grader, elsewhere."""

from typing import Any

from mlhelpers.exercises._own_data import OwnData as OwnData
from mlhelpers.exercises._own_data import data as data


class Verdict:
    """Says that an answer is handed in; true, so that a notebook which asserts it goes on."""

    right = True
    message = "handed in; the grader judges it"

    def __init__(self, exercise: str = "") -> None:
        self.exercise = exercise

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"{self.exercise}: {self.message}"


JUDGES: dict[str, Any] = {}


def check(exercise: str, answer: Any = ..., *, seed: Any = None, evidence: Any = None) -> Verdict:
    """Take an answer, of which nothing is said here."""
    return Verdict(exercise)


def grade(exercise: str, answer: Any = ..., *, points: float = 1.0, seed: Any = None, evidence: Any = None) -> float:
    """Take an answer, of which nothing is said here."""
    return 0.0


def hint(exercise: str) -> None:
    """Hints are not shown while grading."""


def solution(exercise: str) -> None:
    """Refuse."""
    raise RuntimeError("solutions are withheld while grading")


def register(*arguments: Any, **options: Any) -> None:
    """Exercises of a course are the grader's."""
