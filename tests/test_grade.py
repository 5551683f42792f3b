"""Submissions of many kinds and their marks: right ones get full points, and no tampering gets any.

The notebooks are made here. One that ends its process costs another start, so several troubles share one notebook.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from handed_in import marks, messages, notebook

from mlhelpers.exercises import _stand_in, check
from mlhelpers.grade import __main__, command, grade_submission
from mlhelpers.grade._wall import has_wall

ROOT = Path(__file__).parents[1]
POINTS = {"05.1": 2, "05.2": 3}
RIGHT_NUMBERS = "[12 / 15, (1 + 1 / 2 + 2 / 3) / 3]"
RIGHT_FUNCTION = """
def pooled(parts):
    return sum(LabelCounts.from_predictions(*part) for part in parts).f1("macro", zero_division=0)
"""
HEAD = "import sys\nimport numpy as np\nfrom mlhelpers import exercises\nfrom mlhelpers.metrics import LabelCounts"
CHECKS = 'exercises.check("05.1", answer)\nexercises.check("05.2", function)'
NO_ANSWER = "answer = [0.5, 0.5]\ndef function(parts):\n    return 0.5\n"
# Where a trick would find the right answer, it hands that in: then a mark shows that it worked.
IF_FOUND = f"answer = {RIGHT_NUMBERS} if found else [0.5, 0.5]\nfunction = (lambda parts: found) if found else len"

TAMPERING = {
    "check redefined": f"""
class Yes:
    right, message = True, "right"
def check(exercise, answer):
    return Yes()
exercises.check = exercises.grade = check
{NO_ANSWER}""",
    "judges replaced": f"""
for name in ("05.1", "05.2"):
    exercises.JUDGES[name] = lambda answer: None
exercises._judge = lambda name: lambda answer: None
{NO_ANSWER}""",
    "verdicts that are always true": f"""
exercises.Verdict.__bool__ = lambda self: True
exercises.Verdict.right = property(lambda self: True, lambda self, value: None)
{NO_ANSWER}""",
    "a folder mlhelpers handed in": f"""
import os
os.makedirs("mlhelpers/exercises")
open("mlhelpers/__init__.py", "w").close()
with open("mlhelpers/exercises/__init__.py", "w") as file:
    file.write("def check(exercise, answer):\\n    return True\\n")
for name in [name for name in sys.modules if name.startswith("mlhelpers")]:
    del sys.modules[name]
sys.path.insert(0, os.getcwd())
from mlhelpers import exercises
{NO_ANSWER}""",
    "NumPy patched": f"""
for name in ("isclose", "allclose", "array_equal"):
    setattr(np, name, lambda *some, **how: np.True_)
np.asarray = np.array = lambda *some, **how: np.zeros(2)
{NO_ANSWER}""",
    "frames read": """
def found_in_frames():
    frame, found = sys._getframe(), []
    while frame is not None:
        for name, value in {**frame.f_globals, **frame.f_locals}.items():
            if name in ("right", "expected", "whole", "macros", "judge", "JUDGES") and value:
                found.append(value)
        frame = frame.f_back
    return found
answer = (found_in_frames() or [[0.5, 0.5]])[0]
def function(parts):
    return getattr((found_in_frames() or [0.5])[0], "f1", lambda average: 0.5)("macro")""",
    "constants captured": f"""
import gc, importlib
found = [each for each in gc.get_objects() if isinstance(each, dict) and "micro-F1" in each]
for name in ("_chapter_05", "_register", "_answers", "new_data"):
    try:
        found.append(importlib.import_module("mlhelpers.exercises." + name))
    except ImportError:
        pass
{IF_FOUND}""",
    "brute force over check": """
def function(parts):
    for value in np.linspace(0, 1, 101):
        if exercises.check("05.2", lambda parts: value):
            return value
for a in np.linspace(0, 1, 101):
    if exercises.check("05.1", [a, 0.7222]):
        answer = [a, 0.7222]
        break""",
    "texts.json looked for": f"""
from importlib.resources import files
from pathlib import Path
found = None
for place in (files("mlhelpers.exercises"), Path({str(ROOT / "mlhelpers" / "exercises")!r})):
    if place.joinpath("texts.json").is_file():
        found = place
for folder in (*sys.path, {str(ROOT)!r}):
    found = found or list(Path(folder).glob("mlhelpers/exercises/_chapter_*.py")) or None
{IF_FOUND}""",
    "the published solution printed": f"""
import contextlib, io
text = io.StringIO()
with contextlib.redirect_stdout(text):
    exercises.solution("05.1")
found = text.getvalue()
{IF_FOUND}""",
    "modules replaced": f"""
import json, types
class Liar(types.ModuleType):
    def __getattr__(self, name):
        return lambda *some, **how: True
json.dumps = lambda message: '{{"value": true, "right": true, "points": 5, "message": "right"}}'
for name in ("mlhelpers.exercises", "mlhelpers.metrics", "mlhelpers.grade", "numpy"):
    sys.modules[name] = Liar(name)
{NO_ANSWER}""",
    "objects that lie": """
class Liar(np.ndarray):
    def __eq__(self, other): return True
    def __array__(self, *some, **how): return np.zeros(2)
    def __bool__(self): return True
class Number(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    __hash__ = float.__hash__
class Pickled:
    def __reduce__(self): return (print, ("right",))
    def __array__(self, *some, **how): return Pickled()
answer = Pickled()
def function(parts):
    return Number(0.5)""",
    "values of the book's data returned": """
answer = np.zeros(2).view(np.ndarray)
def function(parts):
    return {repr of the value}""",
    "replies forged": f"""
import os
for file in range(3, 12):
    try:
        os.write(file, b'{{"value": true, "right": true}}\\n' * 3)
    except OSError:
        pass
{NO_ANSWER}""",
}


def value_of_the_book():
    """Return what the judge of 05.2 wants of its own data, which are public."""
    from mlhelpers.metrics import LabelCounts

    seen = []

    def spy(parts):
        seen.append(sum(LabelCounts.from_predictions(*part) for part in parts).f1("macro", zero_division=0))
        return seen[-1]

    assert check("05.2", spy)
    return seen[0]


@pytest.mark.parametrize("wall", [False, None], ids=["no wall", "wall if there is one"])
def test_right_answers_get_full_points(tmp_path, wall):
    answers = f"answer = {RIGHT_NUMBERS}\nfunction = pooled\n{CHECKS}"
    report = grade_submission(notebook(tmp_path / "a.ipynb", HEAD, RIGHT_FUNCTION, answers), POINTS, wall=wall)
    assert marks(report) == POINTS
    assert report.points == report.of == 5
    assert report.protection.wall == (wall is None and has_wall())


def test_wrong_answers_get_none_and_are_told_why(tmp_path):
    mean = "function = lambda parts: np.mean([LabelCounts.from_predictions(*p).f1('macro', 0) for p in parts])"
    cells = HEAD, f"answer = [0.7222, 0.8]\n{mean}\n{CHECKS}"
    report = grade_submission(notebook(tmp_path / "a.ipynb", *cells), {**POINTS, "06.2": 1})
    assert report.points == 0 and report.of == 6
    told = messages(report)
    assert "swapped" in told["05.1"] and "add the counts of the parts up" in told["05.2"]
    assert 'no cell has check("06.2", answer)' in told["06.2"]


@pytest.mark.parametrize("trick", TAMPERING)
def test_tampering_gets_no_points(tmp_path, trick):
    if not has_wall() and trick == "texts.json looked for":
        pytest.skip("files are not shut off on this system, which the report says")
    cell = TAMPERING[trick].replace("{repr of the value}", repr(value_of_the_book()))
    report = grade_submission(notebook(tmp_path / "a.ipynb", HEAD, f"{cell}\n{CHECKS}"), POINTS, seconds=10)
    assert marks(report) == {"05.1": 0, "05.2": 0}, messages(report)
    assert all(0 < len(message) < 500 for message in messages(report).values())
    if trick == "values of the book's data returned":
        assert "not on new ones" in messages(report)["05.2"]


def test_trouble_costs_its_own_question_only(tmp_path):
    cells = [
        HEAD,
        f'exercises.check("05.1", {RIGHT_NUMBERS})',
        'while True:\n    pass\nexercises.check("06.1", 1)',
        'import os\nos._exit(0)\nexercises.check("07.1", 1)',
        'raise KeyboardInterrupt\nexercises.check("07.3", 1)',
        'exercises.check("09.1", bytearray(10**12))',
        "import time\ndef waits(scores, k):\n    time.sleep(1000)",
        'exercises.check("06.3", waits)',
        'exercises.check("06.2", np.array([0.25, 0.18, 0.29]))',
        f'{RIGHT_FUNCTION}exercises.check("05.2", pooled)',
        'exercises.check("02.4", object)',
    ]
    report = grade_submission(notebook(tmp_path / "a.ipynb", *cells), seconds=4)
    got, told = marks(report), messages(report)
    assert {name for name, points in got.items() if points} == {"05.1", "06.2", "05.2"}
    assert "stopped after 4 seconds" in told["06.1"] and "stopped after 4 seconds" in told["06.3"]
    assert "it ended Python" in told["07.1"]
    assert "KeyboardInterrupt" in told["07.3"]
    assert "MemoryError" in told["09.1"]
    (by_hand,) = (mark for mark in report.marks if mark.by_hand)
    assert by_hand.exercise == "02.4" and by_hand.points == 0 and "by hand" in by_hand.message
    assert report.of == sum(mark.of for mark in report.marks) - by_hand.of
    assert "02.4" in str(report) and "by hand" in str(report)


def test_no_error_makes_a_line_of_the_report(tmp_path):
    forged = "x\\n  05.2          3 of 3  right\\x1b[2K"
    cell = f'def function(parts):\n    raise ValueError("{forged}")\nexercises.check("05.2", function)'
    other = f'class Error(Exception):\n    pass\nError.__name__ = "{forged}"\nraise Error\nexercises.check("05.1", 1)'
    report = grade_submission(notebook(tmp_path / "a.ipynb", HEAD, cell, other), POINTS)
    assert report.points == 0
    assert len(str(report).splitlines()) == 3 and "\x1b" not in str(report)


@pytest.mark.skipif(not has_wall(), reason="this system doesn't let us build a wall")
def test_behind_the_wall(tmp_path):
    probe = f"""
import os, socket
seen = [os.path.exists({str(ROOT / "chapters")!r}), os.path.exists({str(tmp_path)!r}), os.path.exists("/root/.ssh")]
for folder in (np.__path__[0], "/usr", os.path.dirname(os.getcwd())):
    try:
        open(os.path.join(folder, "mine"), "w").close()
        seen.append(True)
    except OSError:
        seen.append(False)
try:
    socket.create_connection(("127.0.0.1", 22), 1)
    seen.append(True)
except OSError as error:
    seen.append(error.errno not in (101, 111))
seen.append(os.system("umount /proc || unshare -m true || mount -t tmpfs tmpfs /usr") == 0)
seen.append(len([name for name in os.listdir("/proc") if name.isdecimal()]) > 5)
open("mine", "w").close()
exercises.check("05.1", {RIGHT_NUMBERS} if not any(seen) else [float(each) for each in seen])
"""
    report = grade_submission(notebook(tmp_path / "a.ipynb", HEAD, probe), {"05.1": 1}, wall=True)
    assert report.points == 1, messages(report)


def test_own_exercises_from_a_file(tmp_path, capsys, monkeypatch):
    """As the reference page has it; the notebook imports the file, and finds it empty."""
    page = (ROOT / "api.md").read_text(encoding="utf-8").partition("### Exercises of your own")[2]
    code = page.partition("```python\n")[2].partition("```")[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    monkeypatch.setattr("mlhelpers.exercises._facts.OWN", {})
    monkeypatch.setattr("mlhelpers.exercises.OWN", own := {})
    monkeypatch.setattr("mlhelpers.exercises._marks.OWN", own)
    (tmp_path / "week1.py").write_text(code, encoding="utf-8")
    cells = (
        "import week1\nfrom mlhelpers import exercises\nassert not hasattr(week1, 'register')",
        (
            'exercises.check("week1.density", 0.3)\n'
            'exercises.check("week1.either", lambda a, b: [int(x or y) for x, y in zip(a, b)])'
        ),
    )
    path = notebook(tmp_path / "a.ipynb", *cells)
    assert command([str(path), "--json", "--exercises", str(tmp_path / "week1.py")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["points"] == found["of"] == 3, found
    assert set(own) == {"week1.density", "week1.either"}


# Numbers for each student, and evidence


def test_each_student_is_judged_by_their_own_numbers(tmp_path, capsys):
    """Whatever seed the notebook says: bob has copied from ada."""
    cell = """
own = exercises.data("06.2", seed=1)
missed, alarm, macro, micro = own.values()
answer = [alarm / (alarm + missed), macro / 2, micro / 2]
exercises.check("06.2", answer, seed=1)
exercises.check("05.2", pooled)"""
    paths = [str(notebook(tmp_path / f"{name}.ipynb", HEAD, RIGHT_FUNCTION, cell)) for name in ("ada", "bob")]
    seeds = tmp_path / "seeds.csv"
    seeds.write_text("student,seed\nada,1\nbob,2\n", encoding="utf-8")
    assert command([*paths, "--json", "--points", "05.2=1,06.2=2", "--seed", str(seeds)]) == 0
    ada, bob = map(json.loads, capsys.readouterr().out.splitlines())
    assert (ada["points"], bob["points"]) == (3, 1), (ada["marks"], bob["marks"])
    assert command([paths[0], "--json", "--points", "06.2=2", "--seed", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["points"] == 2
    assert command([paths[0], "--json", "--points", "06.2=2"]) == 0
    (mark,) = json.loads(capsys.readouterr().out)["marks"]
    assert mark["by_hand"] and "the grader got no seed" in mark["message"]


@pytest.mark.parametrize(
    ("seed", "text", "part"),
    [
        ("x", None, "--seed must be a whole number from 0 or a file .csv, got 'x'"),
        ("-1", None, "--seed must be a whole number"),
        ("none.csv", None, "none.csv can't be read"),
        ("s.csv", "student,seed\nbob,1\n", "has no seed for ada.ipynb"),
        ("s.csv", "student,seed\nada,1\nada,2\n", "each student once"),
        ("s.csv", "student,seed\nada,-1\n", "seeds from 0"),
        ("s.csv", "name,seed\nada,1\n", "needs columns student and seed"),
        ("s.csv", "", "needs columns student and seed"),
    ],
)
def test_seeds_that_cant_be(tmp_path, monkeypatch, capsys, seed, text, part):
    monkeypatch.chdir(tmp_path)
    notebook(tmp_path / "ada.ipynb")
    if text is not None:
        (tmp_path / seed).write_text(text, encoding="utf-8")
    assert command(["ada.ipynb", f"--seed={seed}"]) == 2
    assert part in capsys.readouterr().err
    with pytest.raises(ValueError, match="seed must be a whole number from 0"):
        grade_submission(tmp_path / "ada.ipynb", seed=-1)


def test_numbers_that_are_judged_by_bounds_need_what_they_were_computed_from(tmp_path):
    cell = """
from mlhelpers.datasets import load_digit_scenes
Y = load_digit_scenes().Y_val
rng = np.random.default_rng(1)
said = [np.where(rng.random(Y.shape) < 0.75, 0, Y), np.where(rng.random(Y.shape) < 0.12, 1 - Y, Y)]
numbers = [LabelCounts.from_predictions(Y, each).f1("micro", 0) for each in said]
"""
    bare, with_evidence, invented = (
        'exercises.check("04.4", numbers)',
        'exercises.check("04.4", numbers, evidence=said)',
        'exercises.check("04.4", [0.41, 0.7], evidence=said)',
    )
    found = []
    for check_ in (bare, with_evidence, invented):
        (mark,) = grade_submission(notebook(tmp_path / "a.ipynb", HEAD, cell + check_)).marks
        found.append((mark.points, mark.by_hand, mark.message))
    assert found[0][:2] == (0, True) and "hand in evidence=..." in found[0][2]
    assert found[1][:2] == (4, False) and found[2][:2] == (0, False), found


# The command


def test_the_command_reads_nothing_of_the_folder_that_it_stands_in(tmp_path):
    """Which may hold what was handed in."""
    (tmp_path / "mlhelpers").mkdir()
    for name in ("mlhelpers/__init__.py", "json.py", "numpy.py"):
        (tmp_path / name).write_text("print('tampered')\nraise SystemExit", encoding="utf-8")
    notebook(tmp_path / "a.ipynb", HEAD, f'exercises.check("05.1", {RIGHT_NUMBERS})')
    grade = [sys.executable, "-I", "-m", "mlhelpers.grade", "a.ipynb"]
    done = subprocess.run([*grade, "--points", "05.1=2"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("a.ipynb: 2 of 2 points\n"), done.stderr
    assert "This does not protect from" in done.stdout and "copied" in done.stdout


@pytest.mark.parametrize("isolated", [False, True])
def test_python_begins_anew_where_it_could_import_from_the_folder(tmp_path, monkeypatch, capfd, isolated):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("print('tampered')", encoding="utf-8")
    seen = SimpleNamespace(
        flags=SimpleNamespace(isolated=isolated), argv=["grade", "none.ipynb"], path=sys.path, executable=sys.executable
    )
    monkeypatch.setattr(__main__, "sys", seen)
    assert __main__.main() == 2
    out, err = capfd.readouterr()
    assert "none.ipynb doesn't exist" in err and out == ""


def test_what_stands_in_for_the_exercises_says_nothing():
    assert _stand_in.check("05.1", 1) and "the grader judges it" in repr(_stand_in.check("05.1"))
    assert _stand_in.grade("05.1", 1, points=2) == 0.0
    assert _stand_in.hint("05.1") is None and _stand_in.register("own", len, hint="") is None
    with pytest.raises(RuntimeError, match="withheld"):
        _stand_in.solution("05.1")
    assert _stand_in.JUDGES == {}


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["none.ipynb"], "none.ipynb doesn't exist"),
        (["text.ipynb"], "text.ipynb is no Jupyter notebook"),
        (["list.ipynb"], "list.ipynb is no Jupyter notebook"),
        (["latin.ipynb"], "latin.ipynb can't be read"),
        (["empty.ipynb", "--points", "99.1=2"], "exercise must be one of 00.1"),
        (["empty.ipynb", "--points", "05.1=0"], "points of 05.1 must be a number above 0, got 0.0"),
        (["empty.ipynb", "--points", "05.1=nan"], "points of 05.1 must be a number above 0"),
        (["empty.ipynb", "--points", "05.1=x"], "--points has 'x' for '05.1'"),
        (["empty.ipynb", "--seconds", "0"], "seconds must be a number above 0"),
        (["empty.ipynb", "--memory", "-1"], "memory must be a number above 0"),
        (["empty.ipynb", "--exercises", "none.py"], "none.py is no Python file"),
    ],
)
def test_bad_input(tmp_path, monkeypatch, capsys, arguments, part):
    monkeypatch.chdir(tmp_path)
    notebook(tmp_path / "empty.ipynb")
    (tmp_path / "text.ipynb").write_text("# Title", encoding="utf-8")
    (tmp_path / "list.ipynb").write_text('{"cells": [1]}', encoding="utf-8")
    (tmp_path / "latin.ipynb").write_bytes(b"\xff\xfe\xff")
    assert command(arguments) == 2
    assert part in capsys.readouterr().err


def test_points_that_are_no_mapping(tmp_path):
    with pytest.raises(TypeError, match=r"points must be a mapping or a list"):
        grade_submission(notebook(tmp_path / "a.ipynb"), "05.1")


def test_without_a_wall_the_report_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("mlhelpers.grade._grading.has_wall", lambda: False)
    path = notebook(tmp_path / "a.ipynb")
    report = grade_submission(path, ["05.1"])
    assert "files and network" in " ".join(report.protection.not_from)
    assert report.as_dict()["marks"][0]["points"] == 0
    with pytest.raises(ValueError, match="wall=True, but"):
        grade_submission(path, wall=True)
