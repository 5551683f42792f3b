"""What teachers use of the exercises: marks in the notebook, exercises of one's own, the table, new data."""

from __future__ import annotations

import csv
import importlib
import json
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from mlhelpers import exercises
from mlhelpers.exercises import _marks, answers, check, new_data
from mlhelpers.exercises.new_data import check_on_new_data

ROOT = Path(__file__).parents[1]
IDS = list(exercises._texts())
RIGHT = {"05.1": [0.8, 13 / 18], "06.2": (0.25, 0.18, 0.29)}


@pytest.fixture(autouse=True)
def none_of_ones_own(monkeypatch):
    """Forget afterwards what a test registers."""
    own: dict[str, object] = {}
    for module in (exercises, _marks):
        monkeypatch.setattr(module, "OWN", own)
    return own


# Marks in the notebook


@pytest.mark.parametrize("exercise", RIGHT)
def test_a_mark_is_a_number_and_its_reason_is_printed(exercise, capsys):
    points = exercises.grade(exercise, RIGHT[exercise], points=2)
    assert type(points) is float and points == 2.0
    assert capsys.readouterr().out == f"{exercise}: right [2 of 2 points]\n"
    points = exercises.grade(exercise, [0.5] * len(RIGHT[exercise]), points=1.5)
    assert type(points) is float and points == 0.0
    assert re.fullmatch(rf"{exercise}: not yet\. .* \[0 of 1\.5 points\]\n", capsys.readouterr().out)
    assert exercises.grade(exercise, ..., points=2) == 0.0


def test_nothing_of_an_answer_reaches_the_output_of_a_mark(capfd):
    """A grader takes a line on stderr for a failure, and an error for the end."""

    def loud(parts):
        print("mine")
        warnings.warn("mine", stacklevel=1)
        raise SystemExit

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert exercises.grade("05.2", loud, points=2) == 0.0
    out, err = capfd.readouterr()
    assert out.count("\n") == 1 and "mine" not in out and err == "" and caught == []


def test_a_judge_that_fails_gives_no_points(capsys):
    exercises.register("own", lambda answer: 1 // 0, hint="none")
    assert exercises.grade("own", 1, points=1) == 0.0
    assert "ended in ZeroDivisionError" in capsys.readouterr().out


@pytest.mark.parametrize("points", [0, -1, float("nan"), float("inf"), True, "2", None])
def test_points_must_be_above_zero(points):
    with pytest.raises(ValueError, match="points must be a number above 0, got"):
        exercises.grade("05.1", 1, points=points)
    with pytest.raises(ValueError, match="points must be a number above 0, got"):
        exercises.register("own", lambda answer: None, hint="", points=points)


def test_marks_of_unknown_exercises_are_an_error():
    with pytest.raises(ValueError, match="exercise must be one of"):
        exercises.grade("05.9", 1, points=1)


# Exercises of one's own


def judge(answer):
    answers.compare(answer, {"density": 0.3}, {"This is the cardinality.": 3.0})
    return "well done"


def test_an_own_exercise_is_like_one_of_the_book(capsys):
    exercises.register("week1.density", judge, hint="Divide.", solution="density = 0.3", points=2, minutes=5)
    assert repr(check("week1.density", 0.3)) == "week1.density: right; well done"
    assert "cardinality" in check("week1.density", 3).message
    assert "three dots" in check("week1.density", ...).message
    exercises.hint("week1.density")
    exercises.solution("week1.density")
    assert exercises.grade("week1.density", 0.3, points=1) == 1.0
    assert capsys.readouterr().out.splitlines()[:2] == ["Divide.", "density = 0.3"]
    last = exercises.table().exercises[-1]
    assert last == exercises.facts("week1.density") and (last.points, last.minutes) == (2, 5)
    with pytest.raises(ValueError, match=r"00\.1, .*, week1\.density, got"):
        check("week1.other", 1)


@pytest.mark.parametrize(
    ("name", "options", "error", "part"),
    [
        ("05.1", {}, ValueError, "name '05.1' is taken"),
        ("taken", {}, ValueError, "name 'taken' is taken"),
        ("two words", {}, ValueError, "name must be letters"),
        ("", {}, ValueError, "name must be letters"),
        (1, {}, ValueError, "name must be letters"),
        ("own", {"judge": "text"}, TypeError, "judge must be a function of an answer, got str"),
        ("own", {"hint": None}, TypeError, "hint must be text, got NoneType"),
        ("own", {"solution": 1}, TypeError, "solution must be text, got int"),
        ("own", {"judged": "well"}, ValueError, "judged must be one of exactly, by bounds, by hand, got 'well'"),
    ],
)
def test_what_cant_be_registered(name, options, error, part, none_of_ones_own):
    exercises.register("taken", judge, hint="")
    with pytest.raises(error, match=re.escape(part)):
        exercises.register(name, **{"judge": judge, "hint": "", **options})
    assert list(none_of_ones_own) == ["taken"]


def test_readers_of_answers_are_public_and_say_what_they_do():
    for name in answers.__all__:
        assert name == "ANY" or getattr(answers, name).__doc__


# The table


def chapter_texts():
    """Return the head and the exercises of each chapter."""
    for path in sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        prose = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        code = {"".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"}
        yield path.stem[:2], " ".join(prose.split()), code


def test_every_exercise_stands_in_the_table_once_with_a_goal_of_its_chapter():
    """Add a line to mlhelpers/exercises/table.csv for a new one."""
    with (ROOT / "mlhelpers" / "exercises" / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["exercise"] for row in rows] == IDS
    for chapter, prose, _ in chapter_texts():
        goals = prose.partition("**You will**")[2].partition("**You need**")[0]
        for row in (row for row in rows if row["exercise"].startswith(f"{chapter}.")):
            assert len(row["goal"]) > 30 and row["goal"] in goals, row


def test_the_table_says_what_can_be(tmp_path):
    table = exercises.table()
    for each in table.exercises:
        assert each.points > 0 and 5 <= each.minutes <= 60 and each.difficulty in (1, 2, 3), each
        assert each.judged in ("exactly", "by bounds", "by hand") and each.answer, each
    text = table.to_csv(tmp_path / "exercises.csv")
    assert (tmp_path / "exercises.csv").read_bytes().decode("utf-8") == text
    assert len(list(csv.reader(text.splitlines()))) == 1 + len(IDS)
    assert str(table).splitlines()[1].split() == ["00.1", "1", "5", "1", "a", "number", "exactly", "no", "yes"]
    assert "<table" in table._repr_html_()


def test_which_exercises_need_keras_and_which_ask_for_a_proof():
    for _, _, code in chapter_texts():
        for source in code:
            for name in re.findall(r'assert .*exercises\.check\("(.*?)"', source):
                if re.search(r"\b(keras|tf|layers)\.|\bnetwork\(|\btrained\(", source) and name != "04.1" != name:
                    assert exercises.facts(name).needs_keras or name in ("04.2",), name
    proofs = {each.exercise for each in exercises.table().exercises if each.proof}
    assert {"00.3", "05.3", "09.3"} <= proofs


# New data for functions


def functions():
    """Return the right functions that the tests of the judges have."""
    found = {}
    for module in ("test_exercises", *(f"test_exercises_{chapter}" for chapter in (10, 11, 12, 13, 14, 15, 16, 17))):
        for exercise, made in importlib.import_module(module).RIGHT.items():
            found[exercise] = [each for each in (made() if callable(made) else made) if callable(each)]
    return found


def test_functions_that_are_right_are_so_on_new_data():
    for exercise, right in functions().items():
        if not right or exercise == "02.4":
            continue
        verdicts = [check_on_new_data(exercise, right[0], seed) for seed in (1, 2)]
        assert all(verdicts), (exercise, verdicts)


def test_every_function_of_the_book_is_tried_on_new_data():
    asked = {each.exercise for each in exercises.table().exercises if each.answer == "a function"}
    assert asked == set(new_data.trials())
    assert check_on_new_data("05.1", len) is None


@pytest.mark.parametrize("exercise", sorted(new_data.trials()))
def test_functions_that_repeat_an_answer_are_wrong_on_new_data(exercise):
    """They return what a right function returns, of other arguments of the same shapes."""
    right = functions()[exercise][0]
    trial, _ = new_data.trials()[exercise]
    seen = []

    def spy(*arguments):
        seen.append(right(*arguments))
        return seen[-1]

    trial(spy, np.random.default_rng(0))
    again = iter(seen * 20)
    verdict = check_on_new_data(exercise, lambda *arguments: next(again), seed=1)
    assert not verdict and "not on new ones" in verdict.message


def test_new_data_are_new_each_time():
    seen = []
    for _ in range(2):
        check_on_new_data("14.4", lambda sizes, n, k: seen.append(sizes.tolist()))
    assert seen[0] != seen[1]


def test_the_student_edition_says_that_it_gives_no_marks(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlhelpers.exercises._trials", None)
    with pytest.raises(ValueError, match="student edition, which can't give marks"):
        check_on_new_data("14.4", len)
