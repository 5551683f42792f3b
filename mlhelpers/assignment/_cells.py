"""Cells and notebooks as JSON has them, and the code that notebooks for both graders share."""

from __future__ import annotations

from typing import Any

from mlhelpers.assignment._parts import BOOK, Assignment, Question

Cell = dict[str, Any]
LICENSE = {"text": "CC-BY-4.0", "code": "MIT"}
HANDED_IN = '''\
def check(exercise, answer):
    """Say whether something is handed in; it is judged elsewhere."""
    return f"{exercise}: " + ("nothing yet, in the place of the three dots" if answer is ... else "handed in")
'''


def cell(kind: str, name: str, source: str, **metadata: Any) -> Cell:
    """Return a cell of a notebook."""
    made: Cell = {"cell_type": kind, "id": name, "metadata": metadata, "source": source.strip("\n")}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def notebook(assignment: Assignment, cells: list[Cell]) -> dict[str, Any]:
    """Return a notebook with these cells, which says whose it is and what one may do with it."""
    said = (
        f"Exercises from *{BOOK}*. Text and figures are under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), "
        "code is under the MIT License."
    )
    return {
        "cells": [*cells, cell("markdown", "attribution", said)],
        "metadata": {
            "title": assignment.title,
            "authors": [{"name": f"The authors of {BOOK}"}],
            "license": LICENSE,
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def head(assignment: Assignment) -> str:
    """Return the title and what students should know before they begin."""
    points = sum(each.points for each in assignment.questions) + assignment.by_hand.points
    rules = "Write each answer in the place of the three dots. Keep the names of the answers and the cells below them."
    parts = [f"# {assignment.title}", assignment.intro, f"{rules} There are {points:g} points."]
    return "\n\n".join(part for part in parts if part)


def first_code(assignment: Assignment) -> str:
    """Return the code for all questions."""
    checks = HANDED_IN if assignment.judges else "from mlhelpers import exercises\n"
    return f"{checks}\n{assignment.setup}"


def title(number: int, question: Question) -> str:
    """Return the statement of a question under its number."""
    points = f"{question.points:g} point" + "s" * (question.points != 1)
    return f"## Question {number} ({points})\n\n{question.statement}"


def place(question: Question) -> str:
    """Return the line in which the answer stands."""
    return f"{question.variable} = ...  # {question.asked}"


def check(assignment: Assignment, question: Question) -> str:
    """Return the line that says what has been handed in, and by which mlhelpers.grade finds it."""
    prefix = "" if assignment.judges else "exercises."
    return f'{prefix}check("{question.name}", {question.variable})'


def solved(question: Question) -> str:
    """Return the model answer under the name that it has in the notebook; empty where it is withheld."""
    return question.model and f"{question.model}\n{question.variable} = answer"


def fresh_judge(assignment: Assignment) -> str:
    """Return code that imports the judge anew, whatever the notebook has made of the one that it has."""
    return (
        "import sys\n\n"
        'for name in [name for name in sys.modules if name.startswith("mlhelpers.exercises")]:\n'
        "    del sys.modules[name]\n"
        "import mlhelpers.exercises as judge\n" + (f"\n{assignment.judges.strip()}\n\n" if assignment.judges else "")
    )
