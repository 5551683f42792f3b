"""A round with Otter-Grader: an assignment is generated and assigned, and submissions are graded.

`make test-course` runs it, in the graders' environment; conftest.py leaves it out elsewhere.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from handed_in_assignment import NAME, SUBMISSIONS, hand_in, outside, write_assignment


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return a folder with the assignment, the submissions and what Otter says of each."""
    folder = tmp_path_factory.mktemp("round") / "course"
    write_assignment("otter", folder)
    otter(folder, "assign", f"{NAME}.ipynb", "dist")
    (autograder,) = (folder / "dist" / "autograder").glob("*.zip")
    for student, submission in SUBMISSIONS.items():
        path = folder / "submitted" / f"{student}.ipynb"
        hand_in(folder / "dist" / "student" / f"{NAME}.ipynb", submission, path)
        results = folder / "results" / student
        results.mkdir(parents=True)
        otter(folder, "run", "--autograder", str(autograder), "--output-dir", str(results), str(path))
    return folder


def otter(folder: Path, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "otter", *command],
        cwd=folder,
        env=os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def results(course: Path, student: str) -> dict[str, dict]:
    found = json.loads((course / "results" / student / "results.json").read_text(encoding="utf-8"))
    return {test["name"]: test for test in found["tests"]}


def test_students_get_neither_solutions_nor_tests_nor_the_rubric(course):
    released = (course / "dist" / "student" / f"{NAME}.ipynb").read_text(encoding="utf-8")
    source = (course / f"{NAME}.ipynb").read_text(encoding="utf-8")
    for hidden in ("pooled_macro_f1", "fresh_judge", "Rubric", "BEGIN SOLUTION"):
        assert hidden in source
        assert hidden not in released
    assert "Multi-Label Classification with Keras and scikit-learn" in released
    assert json.loads(released)["metadata"]["license"] == {"text": "CC-BY-4.0", "code": "MIT"}


def test_marks_in_the_process_of_the_student(course):
    marks = {name: [results(course, name)[question]["score"] for question in ("q1", "q2")] for name in SUBMISSIONS}
    assert marks == {name: list(submission.inside) for name, submission in SUBMISSIONS.items()}


def test_a_wrong_answer_gets_its_diagnosis(course):
    assert "It returns the mean of the parts" in results(course, "half")["q2"]["output"]


def test_marks_outside_of_it(course):
    marks = outside(*(course / "submitted" / f"{student}.ipynb" for student in SUBMISSIONS))
    assert dict(zip(SUBMISSIONS, marks, strict=True)) == {name: each.outside for name, each in SUBMISSIONS.items()}
