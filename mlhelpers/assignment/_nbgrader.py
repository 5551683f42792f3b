"""The instructor's version for nbgrader."""

from __future__ import annotations

from typing import Any

from mlhelpers.assignment import _cells
from mlhelpers.assignment._cells import Cell, cell
from mlhelpers.assignment._parts import Assignment, Question

CONFIG = """\
# Of nbgrader: what students find in the place of a solution, and how many seconds a cell may run.
c = get_config()
c.ClearSolutions.code_stub = {"python": "# your code"}
c.ClearSolutions.text_stub = "Your answer."
c.ExecutePreprocessor.timeout = 60
"""


def nbgrader_notebook(assignment: Assignment) -> dict[str, Any]:
    """Return the notebook from which ``nbgrader generate_assignment`` makes the students' version.

    Parameters
    ----------
    assignment : Assignment

    Returns
    -------
    dict
        A notebook of format 4.5: solutions and hidden tests are marked as nbgrader marks them.

    Notes
    -----
    A graded cell ends with the points, as a float, which nbgrader takes for the mark; it takes anything that is no
    number for full points. Nothing in it prints to stderr, which nbgrader takes for a failure. The judge is imported
    anew. That stops nobody who tampers with the kernel: ``python -I -m mlhelpers.grade`` judges outside of it.

    Examples
    --------
    >>> from mlhelpers.assignment import from_exercises
    >>> cells = nbgrader_notebook(from_exercises(["00.1"], [2]))["cells"]
    >>> [each["metadata"]["nbgrader"]["points"] for each in cells if each["metadata"]["nbgrader"]["grade"]]
    [2.0, 2.0]
    """
    cells = [
        _locked("markdown", "title", _cells.head(assignment)),
        _locked("code", "start", _cells.first_code(assignment)),
    ]
    for number, question in enumerate(assignment.questions, start=1):
        cells += _question(assignment, question, number)
    last = assignment.by_hand
    rubric = f"### BEGIN SOLUTION\n{_cells.rubric(last)}\n### END SOLUTION"
    cells += [
        _locked("markdown", "by-hand-text", _cells.statement(len(assignment.questions) + 1, last)),
        cell("markdown", "by-hand", rubric, nbgrader=_of("by-hand", grade=True, solution=True, points=last.points)),
        cell("code", "by-hand-code", _cells.CODE_BY_HAND, nbgrader=_of("by-hand-code")),
        _locked("markdown", "attribution", _cells.ATTRIBUTION),
    ]
    return _cells.notebook(assignment, cells)


def _question(assignment: Assignment, question: Question, number: int) -> list[Cell]:
    key = f"q{number}"
    answer = f"{_cells.place(question)}\n### BEGIN SOLUTION\n{_cells.solved(question)}\n### END SOLUTION"
    test = (
        f"# What is handed in is judged here.\n### BEGIN HIDDEN TESTS\n{_cells.fresh_judge(assignment)}\n\n"
        f'fresh_judge().grade("{question.name}", {question.variable}, points={question.points:g})\n### END HIDDEN TESTS'
    )
    return [
        _locked("markdown", f"{key}-text", _cells.statement(number, question)),
        *([_locked("code", f"{key}-setup", question.setup)] if question.setup else []),
        cell("code", f"{key}-answer", answer, nbgrader=_of(f"{key}-answer", solution=True)),
        _locked("code", f"{key}-check", _cells.check(assignment, question)),
        cell("code", f"{key}-test", test, nbgrader=_of(f"{key}-test", grade=True, locked=True, points=question.points)),
    ]


def _locked(kind: str, name: str, source: str) -> Cell:
    return cell(kind, name, source, nbgrader=_of(name, locked=True))


def _of(name: str, *, grade: bool = False, solution: bool = False, locked: bool = False, **more: float) -> Cell:
    flags = {"grade": grade, "solution": solution, "locked": locked, "task": False}
    return {"schema_version": 3, "grade_id": name, **flags, **more}
