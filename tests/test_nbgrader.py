"""A whole round with nbgrader: an assignment is generated and released, five submissions are graded and get feedback.

In the environment of `make test-course`; elsewhere, without nbgrader, it is skipped.
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

pytest.importorskip("nbgrader", reason="nbgrader has an environment of its own: make test-course")
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

RIGHT = {
    "answer_00_1": "int((Y[:, 3] & Y[:, 7]).sum())",
    "answer_05_2": """\
lambda parts: sum(
    (LabelCounts.from_predictions(*part) for part in parts[1:]), LabelCounts.from_predictions(*parts[0])
).f1("macro", zero_division=0)""",
}
MEAN = """\
lambda parts: np.mean(
    [LabelCounts.from_predictions(*part).f1("macro", zero_division=0) for part in parts]
)"""
LOUD = "import sys\nprint('a warning', file=sys.stderr)\n"
REPLACED = """\
exercises.check = exercises.grade = lambda *_, **options: options.get("points", True)
exercises.Verdict.__bool__ = lambda self: True
from mlhelpers.exercises import _register
import mlhelpers.exercises._chapter_05
_register.JUDGES.update(dict.fromkeys(["00.1", "05.2"], lambda answer: None))
"""
DEEPER = """\
import builtins
original = builtins.__import__
def replaced(*arguments, **options):
    module = original(*arguments, **options)
    if arguments[0] == "mlhelpers.exercises":
        module.exercises.grade = lambda *_, points: points
    return module
builtins.__import__ = replaced
"""
# What is written in the place of the answers, and the marks for it: in the kernel, and outside of it.
SUBMISSIONS = {
    "right": ({name: f"{LOUD}{name} = {code}" for name, code in RIGHT.items()}, [2, 5], [2, 5]),
    "half": (
        {"answer_00_1": f"answer_00_1 = {RIGHT['answer_00_1']}", "answer_05_2": f"answer_05_2 = {MEAN}"},
        [2, 0],
        [2, 0],
    ),
    "empty": ({}, [0, 0], [0, 0]),
    "replaced": ({"answer_00_1": f"{REPLACED}answer_00_1 = 0", "answer_05_2": "answer_05_2 = 0"}, [0, 0], [0, 0]),
    # Who goes deep enough wins in the kernel: so the marks that count come from outside.
    "deeper": ({"answer_00_1": f"{DEEPER}answer_00_1 = 0", "answer_05_2": "answer_05_2 = 0"}, [2, 5], [0, 0]),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return the folder of a course after the round."""
    folder = tmp_path_factory.mktemp("round") / "course"
    # nbgrader calls a program of its environment by its bare name, as if the environment were activated.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        play(folder)
    return folder


def play(folder: Path) -> None:
    wanted = ["00.1", "05.2", "--points", "2,5", "--name", "week1", "--format", "nbgrader", "--output", str(folder)]
    subprocess.run([sys.executable, "-m", "mlhelpers.assignment", *wanted], check=True)
    config = Config()
    exec((folder / "nbgrader_config.py").read_text(encoding="utf-8"), {"get_config": lambda: config})
    config.CourseDirectory.root = str(folder)
    api = NbGraderAPI(config=config)
    assert api.generate_assignment("week1")["success"]
    for student, (answers, _, _) in SUBMISSIONS.items():
        released = json.loads((folder / "release" / "week1" / "week1.ipynb").read_text(encoding="utf-8"))
        for cell in released["cells"]:
            source = "".join(cell["source"])
            for name, code in answers.items():
                if source.startswith(f"{name} = ..."):
                    cell["source"] = code
        handed_in = folder / "submitted" / student / "week1"
        handed_in.mkdir(parents=True)
        (handed_in / "week1.ipynb").write_text(json.dumps(released), encoding="utf-8")
        result = api.autograde("week1", student)
        assert result["success"], result["log"]
    result = api.generate_feedback("week1")
    assert result["success"], result["log"]
    subprocess.run([sys.executable, "-m", "nbgrader", "export"], cwd=folder, check=True, capture_output=True)


def graded(course: Path, student: str) -> list[dict]:
    notebook = json.loads((course / "autograded" / student / "week1" / "week1.ipynb").read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and cell["metadata"]["nbgrader"]["grade"]]


def test_students_get_neither_solutions_nor_tests_nor_the_rubric(course):
    released = (course / "release" / "week1" / "week1.ipynb").read_text(encoding="utf-8")
    source = (course / "source" / "week1" / "week1.ipynb").read_text(encoding="utf-8")
    for hidden in ("pooled_macro_f1", "judge.grade", "Rubric", "BEGIN"):
        assert hidden in source
        assert hidden not in released
    assert "Multi-Label Classification with Keras and scikit-learn" in released
    assert json.loads(released)["metadata"]["license"] == {"text": "CC-BY-4.0", "code": "MIT"}


def test_marks_in_the_kernel(course):
    for student, (_, marks, _) in SUBMISSIONS.items():
        results = [[o for o in cell["outputs"] if o["output_type"] == "execute_result"] for cell in graded(course, student)]
        assert [float("".join(each["data"]["text/plain"])) for (each,) in results] == marks, student


def test_nothing_is_marked_by_what_stands_on_stderr(course):
    assert not [o for cell in graded(course, "right") for o in cell["outputs"] if o.get("name") == "stderr"]


def test_the_exported_table_has_these_marks(course):
    with (course / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    for student, (_, marks, _) in SUBMISSIONS.items():
        assert float(rows[student]["raw_score"]) == sum(marks), student
        assert float(rows[student]["max_score"]) == 9


def test_feedback_has_the_diagnosis(course):
    page = (course / "feedback" / "half" / "week1" / "week1.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", page)
    assert "It returns the mean of the parts" in text
    assert "[0 of 5 points]" in text and "[2 of 2 points]" in text


def test_marks_outside_of_the_kernel(course):
    paths = [str(course / "submitted" / student / "week1" / "week1.ipynb") for student in SUBMISSIONS]
    command = [sys.executable, "-I", "-m", "mlhelpers.grade", "--json", "--seconds", "120", "--points", "00.1=2,05.2=5"]
    done = subprocess.run([*command, *paths], check=True, capture_output=True, text=True)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    for (student, (_, _, marks)), report in zip(SUBMISSIONS.items(), reports, strict=True):
        assert [mark["points"] for mark in report["marks"]] == marks, student
