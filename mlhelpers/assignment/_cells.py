"""Cells and notebooks as JSON has them, and the texts and code that the notebooks for both graders share."""

from __future__ import annotations

import textwrap
from typing import Any

from mlhelpers.assignment._parts import Assignment, ByHand, Question

Cell = dict[str, Any]
BOOK = "Multi-Label Classification with Keras and scikit-learn"
RULES = (
    "Write your code below each question, and give the answer the name that the comment says. Keep the cells that "
    "check it. Before you hand in, restart the kernel and run all cells."
)
ATTRIBUTION = (
    f"From *{BOOK}*. Text and figures are under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), code is "
    "under the MIT License."
)
CODE_BY_HAND = "# Code for the last question, if you want some."
HANDED_IN = '''\
def check(question, answer):
    """Say whether something is handed in; it is judged later."""
    return f"{question}: " + ("nothing yet" if answer is ... else "handed in")
'''
# What a student has made of the judges in the notebook is thrown away; what they stand on, and the interpreter, is not.
FRESH = """\
def fresh_judge():
    import sys

    for module in [each for each in sys.modules if each.startswith("mlhelpers.exercises")]:
        del sys.modules[module]
    import mlhelpers.exercises as judge

"""


def cell(kind: str, name: str, source: str, **metadata: Any) -> Cell:
    """Return a cell of a notebook."""
    made: Cell = {"cell_type": kind, "id": name, "metadata": metadata, "source": source.strip("\n")}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def notebook(assignment: Assignment, cells: list[Cell]) -> dict[str, Any]:
    """Return a notebook with these cells, which says whose it is and what one may do with it."""
    return {
        "cells": cells,
        "metadata": {
            "title": assignment.title,
            "authors": [{"name": f"The authors of {BOOK}"}],
            "license": {"text": "CC-BY-4.0", "code": "MIT"},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def head(assignment: Assignment) -> str:
    """Return the title, and what students should know before they begin."""
    points = sum(each.points for each in assignment.questions) + assignment.by_hand.points
    parts = [f"# {assignment.title}", assignment.intro, f"{RULES} There are {points:g} points."]
    return "\n\n".join(part for part in parts if part)


def first_code(assignment: Assignment) -> str:
    """Return the code for all questions; answers have their names from here on, so that none has to be there."""
    start = HANDED_IN if assignment.judges else "from mlhelpers import exercises\n"
    names = " = ".join(question.variable for question in assignment.questions)
    return f"{start}\n{names} = ...  # until you answer\n\n{assignment.setup}"


def statement(number: int, question: Question | ByHand) -> str:
    """Return the statement of a question under its heading."""
    counts = [f"{question.points:g} point{'' if question.points == 1 else 's'}"]
    counts += [f"{question.minutes} minutes"] if question.minutes else []
    counts += ["judged by a person"] if isinstance(question, ByHand) else []
    return f"## {number}. {question.title} ({', '.join(counts)})\n\n{question.statement}"


def rubric(by_hand: ByHand) -> str:
    """Return the rubric, for the person who judges."""
    return f"Rubric, for {by_hand.points:g} points:\n\n{by_hand.rubric.strip()}"


def place(question: Question) -> str:
    """Return the comment that says what the answer is called, and what it is."""
    return f"# {question.variable}: {question.asked}"


def check(assignment: Assignment, question: Question) -> str:
    """Return the line that says what has been handed in, and by which mlhelpers.grade finds it."""
    return f'{"" if assignment.judges else "exercises."}check("{question.name}", {question.variable})'


def solved(question: Question) -> str:
    """Return the model answer under the name that it has in the notebook."""
    return f"{question.model}\n{question.variable} = answer"


def fresh_judge(assignment: Assignment, indent: str = "") -> str:
    """Return a function that imports the judge anew, with one's own judges, which keep their names to themselves."""
    own = ""
    if assignment.judges:
        own = f"{indent}    exec(r'''\n{assignment.judges.strip()}\n''', {{\"__name__\": \"judges\"}})\n"
    return f"{textwrap.indent(FRESH, indent)}{own}{indent}    return judge\n"
