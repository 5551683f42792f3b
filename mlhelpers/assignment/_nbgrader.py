"""The instructor's version for nbgrader."""

from __future__ import annotations

from typing import Any

from mlhelpers.assignment import _cells
from mlhelpers.assignment._cells import Cell, cell
from mlhelpers.assignment._parts import Assignment, Question

CONFIG = """\
# Of nbgrader: what students find in the place of a solution, and how long a cell may run.
c = get_config()
c.CourseDirectory.course_id = "course"
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
        A notebook of format 4.5: solutions and tests are marked as nbgrader marks them.

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
        cell("markdown", "title", _cells.head(assignment), nbgrader=_of("title", locked=True)),
        cell("code", "start", _cells.first_code(assignment), nbgrader=_of("start", locked=True)),
    ]
    for number, question in enumerate(assignment.questions, start=1):
        cells += _question(assignment, question, number)
    asked, key = assignment.by_hand, "by-hand"
    statement = f"## Question {len(assignment.questions) + 1} ({asked.points:g} points, judged by a person)\n\n{asked.statement}"
    rubric = f"### BEGIN SOLUTION\nRubric, for {asked.points:g} points:\n\n{asked.rubric}### END SOLUTION"
    cells.append(cell("markdown", f"{key}-text", statement, nbgrader=_of(f"{key}-text", locked=True)))
    cells.append(
        cell("markdown", key, rubric, nbgrader=_of(key, grade=True, solution=True, points=asked.points))
    )
    made = _cells.notebook(assignment, cells)
    made["cells"][-1]["metadata"]["nbgrader"] = _of("attribution", locked=True)
    return made


def _of(grade_id: str, *, grade: bool = False, solution: bool = False, locked: bool = False, **more: float) -> Cell:
    flags = {"grade": grade, "solution": solution, "locked": locked, "task": False}
    return {"schema_version": 3, "grade_id": grade_id, **flags, **more}


def _question(assignment: Assignment, question: Question, number: int) -> list[Cell]:
    key = f"q{number}"
    cells = [cell("markdown", f"{key}-text", _cells.title(number, question), nbgrader=_of(f"{key}-text", locked=True))]
    if question.setup:
        cells.append(cell("code", f"{key}-setup", question.setup, nbgrader=_of(f"{key}-setup", locked=True)))
    answer = f"{_cells.place(question)}\n### BEGIN SOLUTION\n{_cells.solved(question)}\n### END SOLUTION"
    test = (
        f"# Here the answer is judged after it is handed in.\n### BEGIN HIDDEN TESTS\n{_cells.fresh_judge(assignment)}"
        f'judge.grade("{question.name}", {question.variable}, points={question.points:g})\n### END HIDDEN TESTS'
    )
    checked = _cells.check(assignment, question)
    return [
        *cells,
        cell("code", f"{key}-answer", answer, nbgrader=_of(f"{key}-answer", solution=True)),
        cell("code", f"{key}-check", checked, nbgrader=_of(f"{key}-check", locked=True)),
        cell("code", f"{key}-test", test, nbgrader=_of(f"{key}-test", grade=True, locked=True, points=question.points)),
    ]
