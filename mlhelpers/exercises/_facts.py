"""What a teacher wants to know of each exercise: of the book's, from table.csv, and of one's own."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from mlhelpers.exercises._own_data import DRAWS
from mlhelpers.tables import ShownAsTable, Table

JUDGED = ("exactly", "by bounds", "by hand")


@dataclass(frozen=True)
class Facts:
    """What a teacher wants to know of an exercise.

    Attributes
    ----------
    exercise : str
        Its name, as in "02.3".
    points : float
        What it counts where nothing else is said.
    minutes : int
        What a student needs for it, once the chapter is read.
    difficulty : int
        From 1 to 3; 3 is a small project.
    goal : str
        The goal of the chapter ("You will") that it practises.
    answer : str
        What is handed in.
    judged : str
        "exactly"; "by bounds", which invented numbers can meet; or "by hand", outside the student's notebook at least.
    proof : str
        By what to judge the part that is a proof or an explanation, if it has one.
    needs_keras : bool
        Whether its solution needs Keras.
    seeded : bool
        Whether `data` has numbers of its own for each student.
    """

    exercise: str
    points: float = 1.0
    minutes: int = 0
    difficulty: int = 1
    goal: str = ""
    answer: str = ""
    judged: str = "exactly"
    proof: str = ""
    needs_keras: bool = False
    seeded: bool = False


@dataclass(frozen=True)
class Own:
    """An exercise that was registered beside those of the book."""

    judge: Callable[[Any], str | None]
    hint: str
    solution: str
    facts: Facts


OWN: dict[str, Own] = {}


@dataclass(frozen=True, repr=False)
class ExerciseTable(ShownAsTable):
    """What `table` returns: shown as a table, and written as CSV.

    Attributes
    ----------
    exercises : tuple of Facts
    """

    exercises: tuple[Facts, ...]

    def _table(self) -> Table:
        rows = [
            (
                each.exercise,
                f"{each.points:g}",
                each.minutes,
                each.difficulty,
                each.answer,
                each.judged + " + proof" * bool(each.proof),
                "yes" if each.needs_keras else "no",
                "yes" if each.seeded else "no",
            )
            for each in self.exercises
        ]
        return Table(("exercise", "points", "minutes", "difficulty", "answer", "judged", "Keras", "seeded"), rows)

    def to_csv(self, path: str | Path | None = None) -> str:
        """Return all columns as CSV, and write them into a file if a path is given.

        Parameters
        ----------
        path : str or Path, optional

        Returns
        -------
        str
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = [field.name for field in fields(Facts)]
        writer.writerow(names)
        for each in self.exercises:
            values = {**vars(each), "points": f"{each.points:g}"}
            words = {True: "yes", False: "no"}
            writer.writerow([words[values[name]] if type(values[name]) is bool else values[name] for name in names])
        if path is not None:
            Path(path).write_text(text.getvalue(), encoding="utf-8", newline="")
        return text.getvalue()


@cache
def of_the_book() -> dict[str, Facts]:
    """Return what table.csv says."""
    lines = files("mlhelpers.exercises").joinpath("table.csv").read_text("utf-8").splitlines()
    found = {}
    for row in csv.DictReader(lines):
        numbers = {"points": float(row["points"]), "minutes": int(row["minutes"]), "difficulty": int(row["difficulty"])}
        rest: dict[str, Any] = {**row, **numbers, "needs_keras": row["needs_keras"] == "yes"}
        rest["seeded"] = row["exercise"] in DRAWS
        found[row["exercise"]] = Facts(**rest)
    return found
