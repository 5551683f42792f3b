"""A whole round with nbgrader: an assignment is generated and released, submissions are graded and get feedback.

`make test-course` runs it, in the graders' environment; conftest.py leaves it out elsewhere.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from handed_in_assignment import NAME, SUBMISSIONS, hand_in, outside, write_assignment
from nbgrader.api import Gradebook

pytestmark = pytest.mark.filterwarnings("default")  # those of the grader are its own


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return the folder of a course after the round."""
    folder = tmp_path_factory.mktemp("round") / "course"
    write_assignment("nbgrader", folder)
    nbgrader(folder, "generate_assignment", NAME)
    for student, submission in SUBMISSIONS.items():
        hand_in(folder / "release" / NAME / f"{NAME}.ipynb", submission, submitted(folder, student))
    nbgrader(folder, "autograde", NAME)
    mark_by_hand(folder)
    nbgrader(folder, "generate_feedback", NAME)
    nbgrader(folder, "export")
    return folder


def nbgrader(folder: Path, *command: str) -> None:
    # It calls a program of its environment by its bare name, as if the environment were activated.
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=folder,
        env=os.environ | {"PATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def submitted(folder: Path, student: str) -> Path:
    return folder / "submitted" / student / NAME / f"{NAME}.ipynb"


def mark_by_hand(folder: Path) -> None:
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        for student, submission in SUBMISSIONS.items():
            grade = book.find_grade("by-hand", NAME, NAME, student)
            assert grade.needs_manual_grade == bool(submission.words), student
            grade.manual_score, grade.needs_manual_grade = submission.by_hand, False
        book.db.commit()


def test_students_get_neither_solutions_nor_tests_nor_the_rubric(course):
    released = (course / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    source = (course / "source" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    for hidden in ("pooled_macro_f1", "fresh_judge", "Rubric", "BEGIN"):
        assert hidden in source
        assert hidden not in released
    assert "Multi-Label Classification with Keras and scikit-learn" in released
    assert json.loads(released)["metadata"]["license"] == {"text": "CC-BY-4.0", "code": "MIT"}


def test_marks_in_the_kernel(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for student, submission in SUBMISSIONS.items():
            grades = [book.find_grade(f"q{number}-test", NAME, NAME, student) for number in (1, 2)]
            assert tuple(grade.score for grade in grades) == submission.inside, student
            assert [grade.max_score for grade in grades] == [2, 5]


def test_nothing_is_marked_by_what_stands_on_stderr(course):
    notebook = json.loads((course / "autograded" / "right" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    marked = [cell for cell in notebook["cells"] if "grade_id" in cell["metadata"].get("nbgrader", {})]
    names = {cell["metadata"]["nbgrader"]["grade_id"]: cell.get("outputs") for cell in marked}
    assert "a warning" in json.dumps(names["q1-answer"])
    assert not [out for out in [*names["q1-test"], *names["q2-test"]] if out.get("name") == "stderr"]


def test_the_exported_table_has_these_marks(course):
    with (course / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {student: float(row["raw_score"]) for student, row in rows.items()} == {
        student: sum(submission.inside) + submission.by_hand for student, submission in SUBMISSIONS.items()
    }
    assert {float(row["max_score"]) for row in rows.values()} == {9.0}


def test_feedback_has_the_diagnosis(course):
    page = (course / "feedback" / "half" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", page)
    assert "It returns the mean of the parts" in text
    assert "[0 of 5 points]" in text
    assert "[2 of 2 points]" in text


def test_marks_outside_of_the_kernel(course):
    marks = outside(*(submitted(course, student) for student in SUBMISSIONS))
    assert dict(zip(SUBMISSIONS, marks, strict=True)) == {name: each.outside for name, each in SUBMISSIONS.items()}
