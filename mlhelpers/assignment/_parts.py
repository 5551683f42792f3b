"""What an assignment is made of, and where its parts come from: exercises of the book, or a file."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from numbers import Real
from pathlib import Path

from mlhelpers import exercises

BOOK = "Multi-Label Classification with Keras and scikit-learn"
RUBRIC = """\
- **full**: says for one question how the answer was found, names the mistake that lies nearest, and shows by a number
  that it isn't made here;
- **half**: says how the answer was found, with no mistake named or with no number that tells it apart;
- **none**: repeats the code in words, or explains another answer than the one handed in.
"""


@dataclass(frozen=True)
class Question:
    """A question that a program judges.

    Attributes
    ----------
    name : str
        As `exercises.check` knows it.
    statement : str
        Markdown.
    asked : str
        What is handed in, in a few words.
    points : float
    setup : str
        Code that has to run before it; may be empty.
    model : str
        Code that makes `answer`, which is right; empty where it is withheld.
    """

    name: str
    statement: str
    asked: str
    points: float
    setup: str = ""
    model: str = ""

    @property
    def key(self) -> str:
        """The name in letters that an identifier may have."""
        return re.sub(r"\W", "_", self.name)

    @property
    def variable(self) -> str:
        """What the answer is called in the notebook."""
        return f"answer_{self.key}"


@dataclass(frozen=True)
class ByHand:
    """A question that a person judges, by a rubric."""

    statement: str
    rubric: str
    points: float


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
        Code for all questions.
    questions : tuple of Question
    by_hand : ByHand
    judges : str
        Code that registers the questions, where they aren't the book's.
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
        The points for the last question.
    name, title : str

    Returns
    -------
    Assignment

    Raises
    ------
    ValueError
        If an exercise is unknown, named twice, or none that a program can judge, or the points don't fit.

    Examples
    --------
    >>> [question.points for question in from_exercises(["00.1", "05.2"], [2, 5]).questions]
    [2.0, 5.0]
    """
    if isinstance(names, str) or not names:
        raise ValueError(f'names must be exercises, as in ["00.1", "05.2"], got {names!r}')
    found = [exercises.facts(each) for each in names]
    if twice := sorted({each for each in names if list(names).count(each) > 1}):
        raise ValueError(f"{', '.join(twice)} is named twice; name each exercise once")
    for each in found:
        if each.judged == "by hand":
            raise ValueError(
                f"{each.exercise} can't be judged by a grader: its answer has to be looked at by a person. "
                "exercises.table() says how each is judged"
            )
    if points is None:
        points = [each.points for each in found]
    if len(points) != len(names):
        raise ValueError(f"points must be {len(names)} numbers, one for each exercise, got {len(points)}")
    texts = json.loads(files("mlhelpers.exercises").joinpath("texts.json").read_text("utf-8"))
    intro = "What the statements speak of is explained in the chapters from which they come."
    questions = []
    for each, worth in zip(names, points, strict=True):
        if each not in texts:
            raise ValueError(f"{each} is no exercise of the book; from_file makes assignments of your own")
        text = texts[each]
        asked, model = text["answer"], text.get("model", "")
        statement = f"{text['statement']} (Chapter {int(each[:2])}, exercise {each[3:]}.)"
        questions.append(Question(each, statement, asked, checked("points", worth), text["setup"], model))
    rubrics = [f"- {each.exercise}: {each.proof}" for each in found if each.proof]
    rubric = RUBRIC + ("\nWhat counts as a reason:\n\n" + "\n".join(rubrics) + "\n" if rubrics else "")
    asked = (
        "Choose one of your answers. How did you find it? Name the mistake that lies nearest, and show with a number "
        "that you didn't make it. Five to ten sentences."
    )
    return Assignment(name, title, intro, "", tuple(questions), ByHand(asked, rubric, checked("by_hand", by_hand)))


def checked(argument: str, points: float) -> float:
    """Return points that can be given."""
    if isinstance(points, bool) or not isinstance(points, Real) or not 0 < float(points) < math.inf:
        raise ValueError(f"{argument} must be numbers above 0, got {points!r}")
    return float(points)


_HEADING = re.compile(r"(?m)^## (?:(\d+)\. )?(.+?) \((\d+(?:\.\d+)?) points?, (\d+) minutes\)$")
_CODE = re.compile(r"(?ms)^```python( model)?\n(.*?)^```\n?")
_HAND_IN = re.compile(r"(?m)^Hand in: (.+)$")


def from_file(path: str | Path) -> Assignment:
    """Return the assignment of a Markdown file, whose judges are in a Python file of the same name beside it.

    The file begins with a title, an introduction and code for all. Each question is a section with a heading like
    ``## 1. Find it (2 points, 15 minutes)``, a line ``Hand in: a label set``, and a block of code that begins with
    three backquotes and ``python model``, and makes `answer`. It is called as the file, as in "audit.1", and the Python file
    registers it by `exercises.register`. The last section, without a number, is judged by a person, and has the rubric
    under ``### Rubric``.

    Parameters
    ----------
    path : str or Path
        The Markdown file.

    Returns
    -------
    Assignment

    Raises
    ------
    ValueError
        If a file or a part is missing.

    Examples
    --------
    >>> from_file("nowhere.md")
    Traceback (most recent call last):
    ...
    ValueError: nowhere.md doesn't exist; name the Markdown file of an assignment
    """
    path = Path(path)
    judges = path.with_suffix(".py")
    for each, what in ((path, "the Markdown file of an assignment"), (judges, "the file that registers its judges")):
        if not each.is_file():
            raise ValueError(f"{each} doesn't exist; name {what}")
    text, code = path.read_text(encoding="utf-8"), judges.read_text(encoding="utf-8")
    found = list(_HEADING.finditer(text))
    if len(found) < 2 or found[-1][1] or [each[1] for each in found[:-1]] != [str(n + 1) for n in range(len(found) - 1)]:
        raise ValueError(f'{path} must have sections "## 1. Name (2 points, 15 minutes)", ..., the last without number')
    ends = [each.start() for each in found[1:]] + [len(text)]
    bodies = [text[each.end() : end] for each, end in zip(found, ends, strict=True)]
    questions = [_question(path, each, body, code) for each, body in zip(found[:-1], bodies[:-1], strict=True)]
    head = text[: found[0].start()]
    title, _, intro = _CODE.sub("", head).strip().partition("\n")
    setup = "\n".join(each[2] for each in _CODE.finditer(head)).strip()
    statement, _, rubric = bodies[-1].partition("### Rubric\n")
    if not rubric.strip() or not title.startswith("# "):
        raise ValueError(f'{path} must begin with a title, "# ...", and end with a rubric under "### Rubric"')
    by_hand = ByHand(f"{found[-1][2]}. {statement.strip()}", rubric.strip() + "\n", checked("points", float(found[-1][3])))
    return Assignment(path.stem, title[2:], intro.strip(), setup, tuple(questions), by_hand, code)


def _question(path: Path, heading: re.Match[str], body: str, judges: str) -> Question:
    name = f"{path.stem}.{heading[1]}"
    model = [each[2].strip() for each in _CODE.finditer(body) if each[1]]
    asked = _HAND_IN.search(body)
    if len(model) != 1 or asked is None or f'"{name}"' not in judges:
        raise ValueError(f'{path}: {name} needs a line "Hand in: ...", a block "python model", and a judge')
    statement = f"*{heading[2]}.* {_HAND_IN.sub('', _CODE.sub('', body)).strip()}\n\nHand in {asked[1]}."
    return Question(name, statement, asked[1], checked("points", float(heading[3])), "", model[0])
