"""Assignments for graders: questions with hidden tests, and one that a person judges, as a notebook.

``python -m mlhelpers.assignment 00.1 05.2 --format nbgrader --points 2,5`` writes one.
"""

from mlhelpers.assignment._command import command
from mlhelpers.assignment._file import from_file
from mlhelpers.assignment._nbgrader import nbgrader_notebook
from mlhelpers.assignment._otter import otter_notebook
from mlhelpers.assignment._parts import Assignment, ByHand, Question, from_exercises

__all__ = [
    "Assignment",
    "ByHand",
    "Question",
    "command",
    "from_exercises",
    "from_file",
    "nbgrader_notebook",
    "otter_notebook",
]
