"""Check answers to the exercises of the book and to one's own, and show their hints and solutions.

An exercise of the book has a name, "CC.N": the chapter's number and its own. Nothing here needs a notebook or a
network, and only the answers of exercise 02.4 need Keras, since they are Keras metrics.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from mlhelpers.exercises._answers import Wrong
from mlhelpers.exercises._facts import OWN, ExerciseTable, Facts, of_the_book
from mlhelpers.exercises._marks import checked_points, mark, new_exercise
from mlhelpers.exercises._own_data import OwnData, checked, data
from mlhelpers.exercises._register import JUDGES, Judge

__all__ = [
    "ExerciseTable",
    "Facts",
    "OwnData",
    "Verdict",
    "check",
    "data",
    "facts",
    "grade",
    "hint",
    "register",
    "solution",
    "table",
]


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


def check(exercise: str, answer: Any, *, seed: int | None = None, evidence: Any = None) -> Verdict:
    """Say whether an answer is right, and if not, what is wrong with it.

    Parameters
    ----------
    exercise : str
        Chapter and exercise, as in "02.3".
    answer : object
        What the exercise asks for: a number, several numbers, a label set, a matrix, a name, a function or a class.
        Numbers may come as Python or NumPy numbers, lists, arrays or data frames, and count as right within 0.005
        where the exercise doesn't say otherwise. A function is called on small made data.
    seed : int, optional
        Judge the answer by the student's own numbers, those of ``data(exercise, seed=seed)``, in place of the book's.
    evidence : object, optional
        What numbers that are judged by bounds were computed from; then they must follow from it. For 02.5, a list for
        each stopping rule, with a pair of logits for each seed, of the validation and the test scenes; for 03.3 and
        04.4, two matrices of 0 and 1, the predictions behind the two numbers.

    Returns
    -------
    Verdict
        One line when it is printed (a notebook shows it by itself), true if the answer is right. It never holds the
        right answer.

    Raises
    ------
    ValueError
        If there is no such exercise, if it has no data for each student or asks for no evidence and one is given, or
        if the seed is no whole number from 0.

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
    _check_options(exercise, seed, evidence)
    if answer is ... or (isinstance(answer, (list, tuple)) and any(part is ... for part in answer)):
        todo = f'put your answer in the place of the three dots; exercises.hint("{exercise}") helps'
        return Verdict(exercise, False, todo)
    try:
        if seed is None:
            remark = judge(answer)
        else:
            remark = import_module("mlhelpers.exercises._own_judges").judge_own(exercise, answer, seed, judge)
        if evidence is not None:
            import_module("mlhelpers.exercises._evidence").judge_evidence(exercise, answer, evidence)
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
    name = _known(exercise)
    print(OWN[name].hint if name in OWN else _texts()[name]["hint"])


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
    name = _known(exercise)
    print(OWN[name].solution if name in OWN else _texts()[name]["solution"])


def grade(exercise: str, answer: Any, *, points: float, seed: int | None = None, evidence: Any = None) -> float:
    """Mark an answer in the notebook: return the points for it, and print what `check` says.

    For graders that run the student's notebook, such as nbgrader, and take the last value of a cell for the mark. The
    verdict of `check` itself must not be graded like that: nbgrader takes any output that is no number for full points.
    Whoever tampers with the notebook's Python can fake this mark; ``python -I -m mlhelpers.grade`` judges outside.

    Parameters
    ----------
    exercise : str
        Chapter and exercise, as in "02.3", or the name of a registered one.
    answer : object
        What `check` takes. Nothing that it does, prints or warns of ends the cell or reaches its output.
    points : float
        What a right answer gets; above 0.
    seed, evidence
        As in `check`.

    Returns
    -------
    float
        `points` if the answer is right, else 0.0.

    Raises
    ------
    ValueError
        If there is no such exercise, `points` is not above 0, or `check` refuses seed or evidence.

    Examples
    --------
    >>> grade("00.1", 0.03, points=2)
    00.1: not yet. This is a fraction of the scenes; the question asks for their number. [0 of 2 points]
    0.0
    """
    name, most = _known(exercise), checked_points(points)
    _check_options(name, seed, evidence)
    return mark(lambda: check(name, answer, seed=seed, evidence=evidence), name, most)


def register(
    name: str,
    judge: Judge,
    *,
    hint: str,
    points: float = 1.0,
    solution: str = "It isn't published.",
    minutes: int = 0,
    difficulty: int = 1,
    goal: str = "",
    answer: str = "",
    judged: str = "exactly",
    proof: str = "",
    needs_keras: bool = False,
) -> None:
    """Add an exercise of your own, which `check`, `hint`, `grade`, `table` and ``mlhelpers.grade`` know from then on.

    Parameters
    ----------
    name : str
        Letters, digits, dots, "-" and "_", as in "week3.1".
    judge : callable
        A function of the answer. It returns None, or a remark as text, if the answer is right, and raises
        `answers.Wrong` with a message for the student if it is not. What `mlhelpers.exercises.answers` has to read
        answers raises it by itself. A judge that calls an answer should draw its data anew each time.
    hint : str
    points : float
        What it counts where nothing else is said; above 0.
    solution : str
        What `solution` prints.
    minutes, difficulty, goal, answer, judged, proof, needs_keras
        What `Facts` says of it; ``judged="by hand"`` is never marked outside the notebook.

    Raises
    ------
    ValueError
        If the name is no name or is taken, or another argument has a value that can't be.
    TypeError
        If the judge can't be called, or a text is none.

    Examples
    --------
    >>> from mlhelpers.exercises.answers import compare
    >>> def judge(answer):
    ...     compare(answer, {"label density": 0.3}, {"This is the cardinality; divide by the labels.": 3.0})
    >>> register("mine.density", judge, hint="Divide by the number of labels.", points=2)
    >>> check("mine.density", 3)
    mine.density: not yet. This is the cardinality; divide by the labels.
    """
    facts = {
        "points": points,
        "minutes": minutes,
        "difficulty": difficulty,
        "goal": goal,
        "answer": answer,
        "judged": judged,
        "proof": proof,
        "needs_keras": needs_keras,
    }
    OWN[name] = new_exercise(name, judge, hint, solution, _is_of_the_book, facts)


def table() -> ExerciseTable:
    """Return all exercises with what a teacher wants to know of them.

    Returns
    -------
    ExerciseTable
        Printed, a table. Its `to_csv` has the goals and rubrics of proofs as well, and its `exercises` are `Facts`.

    Examples
    --------
    >>> table().exercises[0].points
    1.0
    >>> table().to_csv().splitlines()[0]
    'exercise,points,minutes,difficulty,goal,answer,judged,proof,needs_keras,seeded'
    """
    return ExerciseTable(tuple(facts(name) for name in [*_texts(), *OWN]))


def facts(exercise: str) -> Facts:
    """Return what a teacher wants to know of one exercise.

    Parameters
    ----------
    exercise : str
        Chapter and exercise, as in "02.3", or the name of a registered one.

    Returns
    -------
    Facts

    Raises
    ------
    ValueError
        If there is no such exercise.

    Examples
    --------
    >>> facts("02.4").judged
    'by hand'
    """
    name = _known(exercise)
    return OWN[name].facts if name in OWN else of_the_book().get(name, Facts(name))


@cache
def _texts() -> dict[str, dict[str, str]]:
    """Return hints and solutions, which `make run` takes from the chapters."""
    stored = files("mlhelpers.exercises").joinpath("texts.json").read_text("utf-8")
    texts: dict[str, dict[str, str]] = json.loads(stored)
    return texts


def _judge(exercise: str) -> Judge:
    """Return the judge of an exercise; only those of its chapter are loaded."""
    if exercise in OWN:
        return OWN[exercise].judge
    import_module(f"mlhelpers.exercises._chapter_{exercise[:2]}")
    return JUDGES[exercise]


def _check_options(exercise: str, seed: Any, evidence: Any) -> None:
    if seed is not None:
        checked(exercise, seed)
    if evidence is not None:
        those = import_module("mlhelpers.exercises._evidence").EVIDENCE
        if exercise not in those:
            raise ValueError(f"exercise {exercise!r} asks for no evidence; these do: {', '.join(those)}")


def _is_of_the_book(name: str) -> bool:
    return name in _texts()


def _known(exercise: Any) -> str:
    names = [*_texts(), *OWN]
    if not isinstance(exercise, str) or exercise not in names:
        raise ValueError(f'exercise must be one of {", ".join(names)}, got {exercise!r}; "02.3" is 3 of chapter 2')
    return exercise
