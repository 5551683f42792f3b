"""The instructor's version for Otter-Grader."""

from __future__ import annotations

import json
from typing import Any

from mlhelpers.assignment import _cells
from mlhelpers.assignment._cells import Cell, cell
from mlhelpers.assignment._parts import Assignment, Question


def otter_notebook(assignment: Assignment) -> dict[str, Any]:
    """Return the notebook from which ``otter assign`` makes the students' version and the autograder.

    Parameters
    ----------
    assignment : Assignment

    Returns
    -------
    dict
        A notebook of format 4.5 with Otter's raw cells.

    Notes
    -----
    The tests are hidden, and judge as a notebook does: who tampers with the kernel wins. ``python -I -m
    mlhelpers.grade`` judges outside of it.

    Examples
    --------
    >>> from mlhelpers.assignment import from_exercises
    >>> cells = otter_notebook(from_exercises(["00.1"], [2]))["cells"]
    >>> print(cells[0]["source"].splitlines()[0])
    # ASSIGNMENT CONFIG
    """
    solved = all(question.model for question in assignment.questions)
    # Without model answers Otter can't try its tests on them.
    config = ["# ASSIGNMENT CONFIG", "init_cell: false", "export_cell: false", f"run_tests: {json.dumps(solved)}"]
    cells = [
        cell("raw", "config", "\n".join([*config, "solutions_pdf: false", "template_pdf: false"])),
        cell("markdown", "title", _cells.head(assignment)),
        cell("code", "start", _cells.first_code(assignment)),
    ]
    for number, question in enumerate(assignment.questions, start=1):
        cells += _question(assignment, question, number)
    asked = assignment.by_hand
    number = len(assignment.questions) + 1
    cells += [
        _raw("by-hand-begin", "# BEGIN QUESTION", "name: by_hand", f"points: {asked.points:g}", "manual: true"),
        cell("markdown", "by-hand-text", f"## Question {number} (judged by a person)\n\n{asked.statement}"),
        _raw("by-hand-s", "# BEGIN SOLUTION"),
        cell("markdown", "by-hand", f"Rubric, for {asked.points:g} points:\n\n{asked.rubric}"),
        _raw("by-hand-e", "# END SOLUTION"),
        _raw("by-hand-end", "# END QUESTION"),
    ]
    return _cells.notebook(assignment, cells)


def _raw(name: str, *lines: str) -> Cell:
    return cell("raw", name, "\n".join(lines))


def _question(assignment: Assignment, question: Question, number: int) -> list[Cell]:
    key = f"q{number}"
    test = (
        f'""" # BEGIN TEST CONFIG\nhidden: true\npoints: {question.points:g}\n""" # END TEST CONFIG\n'
        f"{_cells.fresh_judge(assignment)}"
        f'verdict = judge.check("{question.name}", {question.variable})\n'
        "assert verdict.right is True, verdict.message"
    )
    prompt = f'""" # BEGIN PROMPT\n{_cells.place(question)}\n""" # END PROMPT'
    answer = _cells.solved(question) or _cells.place(question)
    return [
        _raw(f"{key}-begin", "# BEGIN QUESTION", f"name: {key}", f"points: {question.points:g}"),
        cell("markdown", f"{key}-text", _cells.title(number, question)),
        *([cell("code", f"{key}-setup", question.setup)] if question.setup else []),
        _raw(f"{key}-s", "# BEGIN SOLUTION"),
        cell("code", f"{key}-answer", f"{prompt}\n# BEGIN SOLUTION NO PROMPT\n{answer}\n# END SOLUTION"),
        _raw(f"{key}-e", "# END SOLUTION"),
        cell("code", f"{key}-check", _cells.check(assignment, question)),
        _raw(f"{key}-tests", "# BEGIN TESTS"),
        cell("code", f"{key}-test", test),
        _raw(f"{key}-tests-end", "# END TESTS"),
        _raw(f"{key}-end", "# END QUESTION"),
    ]
