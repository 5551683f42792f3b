"""Run a submission, take its answers, and judge them here."""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from mlhelpers import exercises
from mlhelpers.exercises.new_data import check_on_new_data, trials, wanted_evidence
from mlhelpers.grade._border import NotPlain, Process, Remote, Stopped, read_plain
from mlhelpers.grade._notebook import Ask, Run, Submission, read_submission
from mlhelpers.grade._wall import Folder, Protection, has_wall, protection

START = 120.0  # seconds in which a process must have started


@dataclass(frozen=True)
class Mark:
    """What one exercise of a submission got.

    Attributes
    ----------
    exercise : str
    points : float
        0.0 where a person has to judge.
    of : float
        What a right answer gets.
    by_hand : bool
        Whether a person has to judge: no points are given or refused then.
    message : str
        What was right or wrong, for the student.
    note : str
        What the teacher should know of this mark; often empty.
    seconds : float
        How long the answer and its judging took.
    """

    exercise: str
    points: float
    of: float
    by_hand: bool
    message: str
    note: str
    seconds: float


@dataclass(frozen=True)
class GradeReport:
    """The marks of one submission.

    Attributes
    ----------
    submission : str
        Its path.
    marks : tuple of Mark
    protection : Protection
        What its code was kept from while it ran, and what not.
    """

    submission: str
    marks: tuple[Mark, ...]
    protection: Protection

    @property
    def points(self) -> float:
        """The sum of the points."""
        return sum(mark.points for mark in self.marks)

    @property
    def of(self) -> float:
        """The sum of what could be reached here, without what a person has to judge."""
        return sum(mark.of for mark in self.marks if not mark.by_hand)

    def __str__(self) -> str:
        lines = [f"{self.submission}: {self.points:g} of {self.of:g} points"]
        for mark in self.marks:
            got = "by hand" if mark.by_hand else f"{mark.points:g}"
            note = f" ({mark.note})" if mark.note else ""
            lines.append(f"  {mark.exercise:8} {got:>7} of {mark.of:g}  {mark.message}{note}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        marks = [vars(mark) | {"seconds": round(mark.seconds, 2)} for mark in self.marks]
        found = {"submission": self.submission, "points": self.points, "of": self.of, "marks": marks}
        return found | {"protection": vars(self.protection)}


def grade_submission(
    path: str | Path,
    points: Mapping[str, float] | Sequence[str] | None = None,
    *,
    seconds: float = 15.0,
    memory: int = 8,
    wall: bool | None = None,
    stand_ins: Sequence[str] = (),
    seed: int | None = None,
) -> GradeReport:
    """Grade a notebook that was handed in, outside of its kernel.

    The cells run in a process of their own. Where the notebook says ``check("05.2", answer)``, the value of `answer`
    crosses over as plain values and is judged here. A function stays there, and is called from here, on the data of the
    book and on new random data. What the notebook makes of `check` or of anything else has no influence on its marks.

    Parameters
    ----------
    path : str or Path
        A notebook.
    points : mapping from str to float, or sequence of str, optional
        Which exercises count, and their points, by default those of `exercises.table`. An exercise that the notebook
        doesn't answer gets 0. Without it, those count that the notebook checks.
    seconds : float
        The time for each cell, and once more for judging an answer.
    memory : int
        The limit for the process, in GiB, where the system has such limits.
    wall : bool, optional
        Whether to shut off files, network and other processes. By default where the system can; True is an error
        where it can't.
    stand_ins : sequence of str
        Modules with exercises of your own, which the notebook imports: it finds them empty.
    seed : int, optional
        The student's. Exercises that are `seeded` in the table are judged by the student's own numbers then, and by no
        others; what the notebook says in the place of the seed is not asked.

    Returns
    -------
    GradeReport

    Raises
    ------
    ValueError
        If the file is no notebook, an exercise is unknown, points or limits are not above 0, or there is no wall, and
        always in the student edition, which can't give marks.

    Examples
    --------
    >>> grade_submission("ada.ipynb", {"05.1": 2})
    Traceback (most recent call last):
    ...
    ValueError: ada.ipynb doesn't exist; name a notebook (.ipynb) that was handed in
    """
    trials()  # raises in the student edition
    wanted = _checked_points(points)
    for name, value in (("seconds", seconds), ("memory", memory)):
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value < 1e6:
            raise ValueError(f"{name} must be a number above 0, got {value!r}")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0):
        raise ValueError(f"seed must be a whole number from 0, the student's own, got {seed!r}")
    known = [each.exercise for each in exercises.table().exercises]
    submission = read_submission(Path(path), known)
    if wall is None:
        wall = has_wall()
    elif wall and not has_wall():
        raise ValueError("wall=True, but files and network can't be shut off on this system; Linux with unshare can")
    asked = [step.exercise for step in submission.steps if isinstance(step, Ask)]
    if wanted is None:
        wanted = {name: exercises.facts(name).points for name in sorted({*asked, *submission.hidden})}
    with Folder(memory=int(memory), wall=wall, stand_ins=tuple(stand_ins)) as folder:
        run = _Grading(submission, folder, wanted, float(seconds), seed)
        try:
            marks = run.all()
        finally:
            run.end()
    return GradeReport(str(path), marks, protection(wall, int(memory)))


def _checked_points(points: Mapping[str, float] | Sequence[str] | None) -> dict[str, float] | None:
    if points is None:
        return None
    if isinstance(points, str):
        raise TypeError(f'points must be a mapping or a list of exercises, as in {{"05.2": 3}}, got {points!r}')
    given = points if isinstance(points, Mapping) else {name: exercises.facts(name).points for name in points}
    for name, value in given.items():
        exercises.facts(name)  # raises if there is no such exercise
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 < value < float("inf"):
            raise ValueError(f"points of {name} must be a number above 0, got {value!r}")
    return {name: float(value) for name, value in given.items()}


class _Grading:
    """One submission on its way through its process, which is started again where a cell has ended it."""

    def __init__(
        self, submission: Submission, folder: Folder, points: dict[str, float], seconds: float, seed: int | None
    ) -> None:
        self._submission, self._folder, self._points, self._seconds = submission, folder, points, seconds
        self._seed = seed
        self._process: Process | None = None
        self._done: list[Run] = []
        self._failed: dict[int, str] = {}  # cells that were stopped or raised an error, and what happened
        self._stopped: set[int] = set()  # those of which nothing more runs

    def end(self) -> None:
        if self._process is not None:
            self._process.end()
        self._process = None

    def all(self) -> tuple[Mark, ...]:
        """Return the marks, in the order of the points."""
        marks: dict[str, Mark] = {}
        open_ = {s.exercise for s in self._submission.steps if isinstance(s, Ask)} & set(self._points)
        for step in self._submission.steps:
            if isinstance(step, Run):
                if open_ and step.cell not in self._failed:
                    self._run(step)
            elif step.exercise in self._points:
                marks[step.exercise] = self._mark(step)
                open_.discard(step.exercise)
        return tuple(marks.get(name) or self._without_answer(name) for name in self._points)

    def _without_answer(self, name: str) -> Mark:
        message = f'there is no answer: no cell has check("{name}", answer)'
        if (cell := self._submission.hidden.get(name)) is not None:
            message = f"cell {cell} checks it inside of another statement; write the check as a line of its own"
            if cell in self._submission.broken:
                message = f"cell {cell} is no Python ({self._submission.broken[cell]})"
        return Mark(name, 0.0, self._points[name], False, message, "", 0.0)

    # The process

    def _alive(self) -> Process:
        """Return the process; if there is none any more, one in which everything has run that was no trouble."""
        if self._process is None:
            self._process = Process(*self._folder.start())
            try:
                self._process.ask({"do": "start", "imports": self._submission.imports}, START)
            except Stopped as stopped:
                raise ValueError(f"a process for the submission can't be started here: {stopped}") from None
            done, self._done = self._done, []
            for step in done:
                if self._process is not None and step.cell not in self._stopped:
                    self._run(step)
            return self._alive()
        return self._process

    def _run(self, step: Run) -> None:
        """Run statements; what they do wrong is kept for the message of the next answers."""
        wish = {"do": "cell", "source": step.source, "name": f"cell {step.cell}"}
        try:
            answer = self._alive().ask({**wish, "start": step.start, "stop": step.stop}, self._seconds)
        except Stopped as stopped:
            self._process = None
            self._failed[step.cell] = str(stopped)
            self._stopped.add(step.cell)
            return
        self._done.append(step)
        if "error" in answer:  # like a notebook, which doesn't go on in a cell
            self._failed[step.cell] = _in_words(answer)

    # The answers

    def _mark(self, step: Ask) -> Mark:
        start, name, most = time.monotonic(), step.exercise, self._points[step.exercise]
        facts = exercises.facts(name)
        if why := self._why_by_hand(step):
            return Mark(name, 0.0, most, True, why, "", 0.0)
        right, message = False, ""
        try:
            right, message, note = self._judged(step)
        except Stopped as stopped:
            self._process, message, note = None, str(stopped), ""
        except NotPlain as error:
            message, note = f"the answer can't be handed over: {error}", ""
        of_numbers = facts.judged == "by bounds" and name not in wanted_evidence()
        note = note or "judged by bounds, which invented numbers can meet" * of_numbers
        if facts.proof:
            note = f"{note}; " * bool(note) + "a part is judged by hand: see the rubric in the table of exercises"
        # A line break or a control character of the student's could make another line of the report.
        message = "".join(letter if letter.isprintable() else " " for letter in message)
        return Mark(name, most if right else 0.0, most, False, message, note, time.monotonic() - start)

    def _why_by_hand(self, step: Ask) -> str:
        """Say why no points are given or refused here; empty if they are."""
        name = step.exercise
        if exercises.facts(name).judged == "by hand":
            return "the judge needs the object itself, which doesn't leave the notebook's process: grade it by hand"
        if (wanted := wanted_evidence().get(name)) and step.evidence is None:
            return f"invented numbers could pass here: hand in evidence=..., {wanted}, or grade it by hand"
        if step.seeded and self._seed is None and exercises.facts(name).seeded:
            return "the notebook has numbers of the student's own here, and the grader got no seed: give it one"
        return ""

    def _judged(self, step: Ask) -> tuple[bool, str, str]:
        """Return whether an answer is right, what to say of it to the student, and to the teacher."""
        if step.cell in self._failed:
            return False, f"its cell didn't get to the answer: {self._failed[step.cell]}", ""
        found = []
        for expression in filter(None, (step.expression, step.evidence)):
            answer = self._alive().ask({"do": "value", "expression": expression}, self._seconds)
            if "CannotCrossError" in str(answer.get("kinds")):
                return False, f"the answer can't be handed over: {str(answer.get('error'))[:200]}", ""
            if "error" in answer:
                earlier = "; ".join(f"cell {cell}: {why}" for cell, why in self._failed.items())
                return (
                    False,
                    f"there is no answer: {_in_words(answer)}" + f" (before it, {earlier})" * bool(earlier),
                    "",
                )
            process = self._alive()
            found.append(
                read_plain(answer.get("value"), lambda n, name: Remote(process, n, name, self._seconds))  # noqa: B023
            )
        if found[0] is ...:
            return False, "there is no answer in the place of the three dots", ""
        seed = self._seed if exercises.facts(step.exercise).seeded else None
        return judged(step.exercise, found[0], found[1] if step.evidence else None, seed)


def _in_words(answer: dict[str, Any]) -> str:
    """Return what an error says, and where."""
    kinds, where = answer.get("kinds"), answer.get("where")
    kind = str(kinds[0])[:60] if isinstance(kinds, list) and kinds else "an error"
    text = f"{kind}: {str(answer.get('error'))[:200]}".rstrip(": ")
    return f"{text} in {where}"[:400] if isinstance(where, str) else text


def judged(exercise: str, value: Any, evidence: Any = None, seed: int | None = None) -> tuple[bool, str, str]:
    """Return whether an answer is right, what to say of it to the student, and to the teacher."""
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            taken = evidence if exercise in wanted_evidence() else None
            verdict = exercises.check(exercise, value, seed=seed, evidence=taken)
            again = check_on_new_data(exercise, value) if verdict and isinstance(value, Remote) else verdict
    except Exception as error:  # a value that no judge has thought of
        return False, f"not yet. The judge can't read this answer ({type(error).__name__}).", ""
    if again is None:
        return True, verdict.message, "a function that was called on the data of its judge only"
    return bool(again), verdict.message if again else again.message, ""
