"""What an assignment is made of, and one that is made of exercises of the book."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from numbers import Real

from mlhelpers import exercises

RUBRIC = """\
- **full**: says for one question how the answer was found, names the mistake that lies nearest, and shows by a number
  that it isn't made here;
- **half**: says how the answer was found, with no mistake named or with no number that tells it apart;
- **none**: repeats the code in words, or explains another answer than the one handed in.
"""
ASKED = (
    "Choose one of your answers. How did you find it? Name the mistake that lies nearest, and show with a number that "
    "you didn't make it. Five to ten sentences."
)


@dataclass(frozen=True)
class Question:
    """A question that a program judges.

    Attributes
    ----------
    name : str
        As `exercises.check` knows it.
    title : str
        Its heading.
    statement : str
        Markdown.
    asked : str
        What is handed in, in a few words.
    points : float
    minutes : int
        About how long it takes; 0 if nobody knows.
    setup : str
        Code that has to run before it; may be empty.
    model : str
        Code that makes `answer`, which is right.
    """

    name: str
    title: str
    statement: str
    asked: str
    points: float
    minutes: int
    setup: str
    model: str

    @property
    def variable(self) -> str:
        """What the answer is called in the notebook."""
        return "answer_" + re.sub(r"\W", "_", self.name)


@dataclass(frozen=True)
class ByHand:
    """A question that a person judges, by a rubric; title, minutes and the rest as in `Question`."""

    title: str
    statement: str
    rubric: str
    points: float
    minutes: int


@dataclass(frozen=True)
class Assignment:
    """What a notebook for a grader is made of.

    Attributes
    ----------
    name : str
        The name of its file, and of the assignment.
    title : str
    intro : str
        Markdown; may be empty.
    setup : str
        Code for all questions; may be empty.
    questions : tuple of Question
    by_hand : ByHand
    judges : str
        Code that registers the questions; empty if they are the book's.
    """

    name: str
    title: str
    intro: str
    setup: str
    questions: tuple[Question, ...]
    by_hand: ByHand
    judges: str = ""


def from_exercises(
    names: Sequence[str],
    points: Sequence[float] | None = None,
    *,
    by_hand: float = 2.0,
    name: str = "assignment",
    title: str = "Assignment",
) -> Assignment:
    """Return an assignment of exercises of the book, and a question on one of the answers for a person to judge.

    Parameters
    ----------
    names : sequence of str
        Exercises, as in "02.3", each once.
    points : sequence of float, optional
        One number above 0 for each, by default those of `exercises.table`.
    by_hand : float
        The points for the last question, above 0.
    name : str
        Letters, digits, "-" and "_".
    title : str
        One line.

    Returns
    -------
    Assignment

    Raises
    ------
    ValueError
        If an exercise is unknown, named twice, or none that a program can judge, if the points don't fit, or name or
        title can't be one.

    Examples
    --------
    >>> [question.points for question in from_exercises(["00.1", "05.2"], [2, 5]).questions]
    [2.0, 5.0]
    """
    if isinstance(names, str) or not names:
        raise ValueError(f'names must be exercises, as in ["00.1", "05.2"], got {names!r}')
    texts = json.loads(files("mlhelpers.exercises").joinpath("texts.json").read_text("utf-8"))
    found = [_gradable(each, texts) for each in names]
    if twice := sorted({each for each in names if list(names).count(each) > 1}):
        raise ValueError(f"{', '.join(twice)} is named twice; name each exercise once")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ValueError(f'name must be letters, digits, "-" and "_", as in "week1", got {name!r}')
    if not title.strip() or "\n" in title:
        raise ValueError(f"title must be one line of text, got {title!r}")
    if points is None:
        points = [each.points for each in found]
    if len(points) != len(names):
        raise ValueError(f"points must be {len(names)} numbers, one for each exercise, got {len(points)}")
    questions = tuple(
        _question(each, texts[each.exercise], checked_points("points", worth))
        for each, worth in zip(found, points, strict=True)
    )
    rubrics = [f"- {each.exercise}: {each.proof}" for each in found if each.proof]
    rubric = RUBRIC + ("\nWhat counts as a reason:\n\n" + "\n".join(rubrics) + "\n" if rubrics else "")
    last = ByHand("In your own words", ASKED, rubric, checked_points("by_hand", by_hand), 15)
    intro = "The questions are exercises of the chapters that they name, and speak of what stands there."
    return Assignment(name, title, intro, "", questions, last)


def checked_points(argument: str, points: float) -> float:
    """Return points that can be given."""
    if isinstance(points, bool) or not isinstance(points, Real) or not 0 < float(points) < math.inf:
        raise ValueError(f"{argument} must be numbers above 0, got {points!r}")
    return float(points)


def _gradable(name: str, texts: dict[str, dict[str, str]]) -> exercises.Facts:
    """Return the facts of an exercise of the book that a grader can judge."""
    facts = exercises.facts(name)
    if name not in texts:
        raise ValueError(f"{name} is no exercise of the book; from_file makes assignments of your own")
    if facts.judged == "by hand":
        raise ValueError(
            f"{name} can't be judged by a grader: a person has to look at its answer. exercises.table() says how each "
            "is judged"
        )
    if "statement" not in texts[name]:
        raise ValueError("the student edition has no assignments; install mlhelpers from the full book")
    if "model" not in texts[name]:
        raise ValueError(
            f"{name} can't stand in a notebook of its own: it needs what chapter {int(name[:2])} fetches or trains. "
            "Hand out the chapter, which mlhelpers.grade grades, too"
        )
    return facts


def _question(facts: exercises.Facts, text: dict[str, str], points: float) -> Question:
    chapter, number = facts.exercise.split(".")
    heading = f"Exercise {number} of chapter {int(chapter)}"
    return Question(
        facts.exercise,
        heading,
        text["statement"],
        text["answer"],
        points,
        facts.minutes,
        text["setup"],
        text["model"],
    )
