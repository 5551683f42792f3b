"""The instructor's version for Otter-Grader."""

from __future__ import annotations

from typing import Any

from mlhelpers.assignment import _cells
from mlhelpers.assignment._cells import Cell, cell
from mlhelpers.assignment._parts import Assignment, Question

CONFIG = """\
# ASSIGNMENT CONFIG
init_cell: false
export_cell: false
check_all_cell: false
solutions_pdf: false
template_pdf: false
run_tests: true
tests:
  ok_format: false"""


def otter_notebook(assignment: Assignment) -> dict[str, Any]:
    """Return the notebook from which ``otter assign`` makes the students' version and the autograder.

    Parameters
    ----------
    assignment : Assignment

    Returns
    -------
    dict
        A notebook of format 4.5, with Otter's raw cells.

    Notes
    -----
    The tests are hidden, import the judge anew, and run in the student's process, in which marks can be faked:
    ``python -I -m mlhelpers.grade`` judges outside of it.

    Examples
    --------
    >>> from mlhelpers.assignment import from_exercises
    >>> cells = otter_notebook(from_exercises(["00.1"], [2]))["cells"]
    >>> print(cells[0]["source"].splitlines()[0])
    # ASSIGNMENT CONFIG
    """
    cells = [
        cell("raw", "config", CONFIG),
        cell("markdown", "title", _cells.head(assignment)),
        cell("code", "start", _cells.first_code(assignment)),
    ]
    for number, question in enumerate(assignment.questions, start=1):
        cells += _question(assignment, question, number)
    last = assignment.by_hand
    cells += [
        _raw("by-hand-begin", "# BEGIN QUESTION", "name: by_hand", f"points: {last.points:g}", "manual: true"),
        cell("markdown", "by-hand-text", _cells.statement(len(assignment.questions) + 1, last)),
        _raw("by-hand-solution", "# BEGIN SOLUTION"),
        cell("markdown", "by-hand", _cells.rubric(last)),
        _raw("by-hand-solved", "# END SOLUTION"),
        _raw("by-hand-end", "# END QUESTION"),
        cell("code", "by-hand-code", _cells.CODE_BY_HAND),
        cell("markdown", "attribution", _cells.ATTRIBUTION),
    ]
    return _cells.notebook(assignment, cells)


def _question(assignment: Assignment, question: Question, number: int) -> list[Cell]:
    key = f"q{number}"
    prompt = f'""" # BEGIN PROMPT\n{_cells.place(question)}\n""" # END PROMPT'
    answer = f"{prompt}\n# BEGIN SOLUTION NO PROMPT\n{_cells.solved(question)}\n# END SOLUTION"
    test = (
        f'""" # BEGIN TEST CONFIG\nhidden: true\npoints: {question.points:g}\n""" # END TEST CONFIG\n'
        f"def test_answer({question.variable}):\n{_cells.fresh_judge(assignment, indent='    ')}\n"
        f'    verdict = fresh_judge().check("{question.name}", {question.variable})\n'
        "    assert verdict.right is True, verdict.message"
    )
    return [
        _raw(f"{key}-begin", "# BEGIN QUESTION", f"name: {key}", f"points: {question.points:g}"),
        cell("markdown", f"{key}-text", _cells.statement(number, question)),
        *([cell("code", f"{key}-setup", question.setup)] if question.setup else []),
        _raw(f"{key}-solution", "# BEGIN SOLUTION"),
        cell("code", f"{key}-answer", answer),
        _raw(f"{key}-solved", "# END SOLUTION"),
        cell("code", f"{key}-check", _cells.check(assignment, question)),
        _raw(f"{key}-tests", "# BEGIN TESTS"),
        cell("code", f"{key}-test", test),
        _raw(f"{key}-tested", "# END TESTS"),
        _raw(f"{key}-end", "# END QUESTION"),
    ]


def _raw(name: str, *lines: str) -> Cell:
    return cell("raw", name, "\n".join(lines))
