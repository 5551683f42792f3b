"""Grade notebooks outside of their kernel: run them in a process of their own, and judge plain values here.

``python -I -m mlhelpers.grade SUBMISSION.ipynb --json`` does it from a shell.
"""

from mlhelpers.grade._command import command
from mlhelpers.grade._grading import GradeReport, Mark, grade_submission
from mlhelpers.grade._wall import Protection

__all__ = ["GradeReport", "Mark", "Protection", "command", "grade_submission"]
