"""Assignments: what is written for each grader, what is refused, and that exercises stand alone with their answers."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import runpy
import shlex
import sys
from pathlib import Path

import nbformat
import pytest
from handed_in_assignment import SUBMISSIONS

from mlhelpers import exercises
from mlhelpers.assignment import command, from_exercises, from_file, nbgrader_notebook, otter_notebook
from mlhelpers.exercises._facts import OWN

TEXTS = exercises._texts()
ALONE = [name for name, text in TEXTS.items() if "model" in text]
FORMS = {"nbgrader": nbgrader_notebook, "otter": otter_notebook}

OWN_TEXT = """\
# Two sums

40 minutes.

```python
numbers = [1, 2, 3]
```

## 1. Add (1 point, 5 minutes)

What is the sum of `numbers`?

Hand in: a number.

```python model
answer = sum(numbers)
```

## 2. Add more (2.5 points, 15 minutes)

And with `more`?

```python
more = 4
```

Hand in: a number

```python model
total = sum(numbers)
answer = total + more
```

## Why? (2 points, 20 minutes)

How do you know?

### Rubric

- **full**: says why.
- **none**: doesn't.
"""
OWN_JUDGES = '''\
"""Judges."""

import numpy as np

from mlhelpers.exercises import register
from mlhelpers.exercises.answers import compare

numbers = "the judge's own"  # no name of the notebook's


def judge(right):
    """Return a judge\\n of a number."""
    return lambda answer: compare(answer, {"the sum": right}, {"This is the mean.": np.mean([1, 2, 3])})


register("sums.1", judge(6), hint="Add.", points=1)
register("sums.2", judge(10), hint="Add more.", points=2.5)
'''


@pytest.fixture(autouse=True)
def _no_own_exercises_stay():
    yield
    OWN.clear()


@pytest.fixture
def own(tmp_path):
    """Write an assignment of one's own, and return its file."""
    (tmp_path / "sums.md").write_text(OWN_TEXT, encoding="utf-8")
    (tmp_path / "sums.py").write_text(OWN_JUDGES, encoding="utf-8")
    return tmp_path / "sums.md"


def as_notebook(made):
    """Return a valid notebook of what was made."""
    notebook = nbformat.from_dict(made)
    nbformat.validate(notebook)
    return notebook


def cells_by_name(made):
    return {cell["id"]: cell for cell in made["cells"]}


def executed(sources):
    """Run cells one after the other, and return the value of the last one's last line, and what it printed."""
    names, value, printed = {"__name__": "__main__"}, None, ""
    for source in sources:
        body = ast.parse(source)
        last = body.body.pop() if body.body and isinstance(body.body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(body, "<cell>", "exec"), names)
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None
        printed = out.getvalue()
    return value, printed


# Exercises of the book


@pytest.mark.parametrize("name", ALONE)
def test_an_exercise_stands_alone_and_its_model_answer_is_right(name):
    (question,) = from_exercises([name]).questions
    judged = f"from mlhelpers import exercises\nexercises.check({name!r}, answer)"
    verdict, _ = executed([question.setup, question.model, judged])
    assert verdict, verdict
    assert question.statement and question.asked and question.minutes
    assert not re.search(r"\]\((?!https?:)|<details|^\*\*\d", question.statement)


def test_most_exercises_can_be_assigned():
    assert len(ALONE) > 60
    assert {"00.1", "05.2", "16.2"} <= set(ALONE)
    assert all(
        exercises.facts(name).judged == "by hand" or name in ALONE
        for name in TEXTS
        if name[:2] > "04" and name != "13.2"
    )


@pytest.mark.parametrize("form", FORMS)
def test_a_notebook_is_valid_and_says_whose_it_is(form):
    notebook = as_notebook(FORMS[form](from_exercises(["00.1", "05.2"], [2, 5], title="Week 1")))
    said = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "# Week 1" in said and "There are 9 points." in said
    assert "Multi-Label Classification with Keras and scikit-learn" in said and "CC BY 4.0" in said and "MIT" in said
    assert notebook.metadata.license == {"text": "CC-BY-4.0", "code": "MIT"}
    assert notebook.metadata.authors and notebook.metadata.title == "Week 1"
    for name in ("00.1", "05.2"):
        assert TEXTS[name]["statement"] in said
        assert f'exercises.check("{name}", answer_{name.replace(".", "_")})' in [cell.source for cell in notebook.cells]


def test_cells_for_nbgrader_are_marked_by_its_schema():
    made = nbgrader_notebook(from_exercises(["00.1", "05.2"], [2, 5], by_hand=3))
    marks = {cell["id"]: cell["metadata"]["nbgrader"] for cell in made["cells"]}
    assert len(marks) == len(made["cells"])
    for name, mark in marks.items():
        assert mark["schema_version"] == 3 and mark["grade_id"] == name and mark["task"] is False
        assert ("points" in mark) == mark["grade"]
    assert {name: mark["points"] for name, mark in marks.items() if mark["grade"]} == {
        "q1-test": 2,
        "q2-test": 5,
        "by-hand": 3,
    }
    assert [name for name, mark in marks.items() if mark["solution"]] == ["q1-answer", "q2-answer", "by-hand"]
    open_cells = [name for name, mark in marks.items() if not (mark["locked"] or mark["solution"])]
    assert open_cells == ["by-hand-code"]
    assert not any(mark["locked"] and mark["solution"] for mark in marks.values())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("source", ["book", "file"])
def test_students_find_neither_solutions_nor_tests_nor_rubric(form, source, own):
    assignment = from_exercises(["00.1", "05.2"]) if source == "book" else from_file(own)
    made = FORMS[form](assignment)
    seen = "\n".join(cell["source"] for cell in for_students(form, made))
    everything = "\n".join(cell["source"] for cell in made["cells"])
    lines = [line for each in assignment.questions for line in each.model.splitlines()]
    for hidden in [*lines, "fresh_judge", ".grade(", "full**", "Rubric"]:
        assert hidden in everything or hidden == ".grade("
        assert hidden not in seen
    for question in assignment.questions:
        assert f"# {question.variable}: {question.asked}" in seen.splitlines()
    assert assignment.by_hand.statement in seen


def for_students(form, made):
    """Return the cells as the grader releases them."""
    cells, inside = [], ""
    for cell in made["cells"]:
        source = cell["source"]
        if cell["cell_type"] == "raw":
            found = re.match(r"# (BEGIN|END) (SOLUTION|TESTS)", source)
            inside = (found[2] if found[1] == "BEGIN" else "") if found else inside
        elif form == "nbgrader":
            cells.append(cell | {"source": re.sub(r"(?s)### BEGIN (.*?)\n.*### END \1", "", source)})
        elif not inside:
            cells.append(cell)
        elif inside == "SOLUTION" and cell["cell_type"] == "code":
            cells.append(cell | {"source": re.sub(r"(?s)# BEGIN SOLUTION NO PROMPT.*# END SOLUTION", "", source)})
    return cells


@pytest.mark.parametrize(("answer", "mark", "said"), [(None, 5.0, "right"), ("lambda parts: 1", 0.0, "not yet")])
def test_a_graded_cell_ends_with_the_points(answer, mark, said, monkeypatch):
    cells = cells_by_name(nbgrader_notebook(from_exercises(["05.2"], [5])))
    given = cells["q1-answer"]["source"] if answer is None else f"answer_05_2 = {answer}"
    names = ("start", "q1-setup", "q1-test")
    start, setup, test = (cells[name]["source"] for name in names)
    # A judge that has been replaced in the notebook is imported anew. The other tests get theirs back.
    replaced = "exercises.check = exercises.grade = lambda *_, **options: 5.0"
    for name in ("check", "grade"):
        monkeypatch.setattr(exercises, name, getattr(exercises, name))
    try:
        value, printed = executed([start, setup, given, replaced, test])
    finally:
        put_back()
    assert value == mark and type(value) is float
    assert said in printed and f"[{mark:g} of 5 points]" in printed


def put_back():
    """Let the modules that the tests have be those that are imported, again."""
    for name in [name for name in sys.modules if name.startswith("mlhelpers.exercises")]:
        del sys.modules[name]
    sys.modules.update(MODULES)
    sys.modules["mlhelpers"].exercises = exercises


MODULES = {name: module for name, module in sys.modules.items() if name.startswith("mlhelpers.exercises")}


def test_a_test_for_otter_says_the_diagnosis():
    source = cells_by_name(otter_notebook(from_exercises(["00.1"], [2])))["q1-test"]["source"]
    assert source.startswith(
        '""" # BEGIN TEST CONFIG\nhidden: true\npoints: 2\n""" # END TEST CONFIG\ndef test_answer('
    )
    names = {}
    exec(source, names)
    try:
        with pytest.raises(AssertionError, match="This is a fraction of the scenes"):
            names["test_answer"](0.03)
        names["test_answer"](int(executed([TEXTS["00.1"]["setup"], TEXTS["00.1"]["model"], "answer"])[0]))
    finally:
        put_back()


def test_rubrics_of_proofs_are_the_teachers():
    proof = next(each for each in exercises.table().exercises if each.proof and each.exercise in ALONE)
    assert proof.proof in from_exercises([proof.exercise]).by_hand.rubric


def test_the_page_for_teachers_tells_the_marks_of_the_round():
    page = (Path(__file__).parents[1] / "teaching_assignments.md").read_text(encoding="utf-8")
    table = page.partition("|:--|--:|--:|--:|\n")[2].partition("\n\n")[0]
    told = [re.findall(r"\d", line.partition("|")[2].partition("|")[2]) for line in table.splitlines()]
    marks = [(*each.inside, each.by_hand, *each.outside) for each in SUBMISSIONS.values()]
    assert [[f"{mark:g}" for mark in row] for row in marks] == told


# Assignments of one's own


def test_a_file_is_read(own):
    made = from_file(own)
    assert (made.name, made.title, made.intro, made.setup) == ("sums", "Two sums", "40 minutes.", "numbers = [1, 2, 3]")
    assert [each.name for each in made.questions] == ["sums.1", "sums.2"]
    assert [(each.title, each.points, each.minutes) for each in made.questions] == [
        ("Add", 1, 5),
        ("Add more", 2.5, 15),
    ]
    assert made.questions[0].statement == "What is the sum of `numbers`?\n\nHand in a number."
    assert [each.setup for each in made.questions] == ["", "more = 4"]
    assert made.by_hand.statement == "How do you know?"
    assert made.by_hand.rubric == "- **full**: says why.\n- **none**: doesn't.\n"


@pytest.mark.parametrize("form", FORMS)
def test_questions_of_a_file_are_judged_by_its_judges(own, form):
    cells = cells_by_name(as_notebook(FORMS[form](from_file(own))))
    assert cells["start"]["source"].endswith("numbers = [1, 2, 3]")
    order = ["start", "q1-answer", "q1-check", "q1-test", "q2-setup", "q2-answer", "q2-check", "q2-test"]
    call = {"nbgrader": "", "otter": "\ntest_answer(answer_sums_2)"}[form]
    sources = [cells[name]["source"] for name in order]
    try:
        value, printed = executed([*sources[:-1], sources[-1] + call])
        assert (value, printed) == {"nbgrader": (2.5, "sums.2: right [2.5 of 2.5 points]\n"), "otter": (None, "")}[form]
        assert executed(["answer_sums_1 = ...", sources[0], sources[2]])[0] == "sums.1: nothing yet"
        if form == "nbgrader":
            assert executed(["answer_sums_1 = 2", sources[3]]) == (
                0.0,
                "sums.1: not yet. This is the mean. [0 of 1 points]\n",
            )
    finally:
        put_back()


@pytest.mark.parametrize(
    ("replaced", "by", "message"),
    [
        ("# Two sums", "Two sums", "must begin with its title"),
        (
            "## 1. Add (1 point, 5 minutes)",
            "## 1. Add (one point)",
            r'headings as in "## 1. Find it .*got \[.*one point',
        ),
        ("## 2. Add more", "## 3. Add more", "sections with the numbers 1, 2 and so on"),
        ("## Why? (", "## 3. Why? (", "a last one without a number"),
        ("### Rubric", "### Marks", 'end with its rubric under "### Rubric"'),
        ("(2.5 points", "(0 points", "points must be numbers above 0, got 0"),
        ("Hand in: a number.", "A number.", 'sums.1 needs a line "Hand in: ..."'),
        ("```python model\nanswer = sum", "```python\nanswer = sum", 'a block "python model" that makes answer'),
        ("answer = total + more", "answer = total +", "sums.md has code that is no Python: invalid syntax"),
    ],
)
def test_what_a_file_lacks_is_said(own, replaced, by, message):
    assert replaced in OWN_TEXT
    own.write_text(OWN_TEXT.replace(replaced, by), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        from_file(own)


@pytest.mark.parametrize(
    ("judges", "message"),
    [
        (None, r"sums.py doesn't exist; name the file that registers its judges"),
        ("def (", "sums.py has code that is no Python"),
        ("'''A text.'''", "must not hold three single quotes"),
        ("x = 1", 'a judge under "sums.1" in the Python file'),
    ],
)
def test_what_is_wrong_with_the_judges_is_said(own, judges, message):
    own.with_suffix(".py").unlink()
    if judges is not None:
        own.with_suffix(".py").write_text(judges, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        from_file(own)


def test_a_file_whose_name_is_no_name_is_refused(own):
    with pytest.raises(ValueError, match="the name of the file must be letters"):
        from_file(own.rename(own.with_name("two sums.md")))


# The command


@pytest.mark.parametrize("form", FORMS)
def test_the_command_writes_a_course(form, tmp_path, capsys):
    folder = tmp_path / "new" / "course"
    options = ["--format", form, "--points", "2,5", "--name", "week1", "--title", "Week 1", "--by-hand", "4"]
    assert command(["00.1", "05.2", *options, "--output", str(folder)]) == 0
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert (
        written
        == {
            "nbgrader": {"nbgrader_config.py", "source/week1/week1.ipynb"},
            "otter": {"week1.ipynb"},
        }[form]
    )
    assert list(folder.parent.iterdir()) == [folder]
    (path,) = folder.rglob("*.ipynb")
    made = FORMS[form](from_exercises(["00.1", "05.2"], [2, 5], by_hand=4, name="week1", title="Week 1"))
    assert json.loads(path.read_text(encoding="utf-8")) == made
    said = capsys.readouterr().out
    assert "python -I -m mlhelpers.grade --seconds 60 --points 00.1=2,05.2=5 submitted/" in said
    assert "Python must be able to import mlhelpers" in said
    assert {"nbgrader": "nbgrader autograde week1", "otter": "otter assign week1.ipynb"}[form] in said


def test_the_command_says_what_is_lacking(own, tmp_path, capsys):
    text = OWN_TEXT.replace(
        "numbers = [1", "import nowhere_to_be_found\nfrom mlhelpers.bundle import Bundle\nnumbers = [1"
    )
    own.write_text(text, encoding="utf-8")
    assert command([str(own), "--format", "otter", "--output", str(tmp_path / "course")]) == 0
    said = capsys.readouterr().out
    assert "import mlhelpers, nowhere_to_be_found, numpy, skops." in said and "here lacks nowhere_to_be_found" in said


def test_the_command_takes_a_file(own, tmp_path, capsys):
    assert command([str(own), "--format", "nbgrader", "--output", str(tmp_path / "course")]) == 0
    assert (tmp_path / "course" / "source" / "sums" / "sums.ipynb").is_file()
    judges = shlex.quote(str(own.with_suffix(".py")))
    assert f"--points sums.1=1,sums.2=2.5 --exercises {judges}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["99.1"], "exercise must be one of 00.1"),
        (["00.1", "05.2", "--points", "2"], "points must be 2 numbers, one for each exercise, got 1"),
        (["00.1", "--points", "0"], "points must be numbers above 0, got 0.0"),
        (["00.1", "--points", "-1"], "points must be numbers above 0, got -1.0"),
        (["00.1", "--points", "nan"], "points must be numbers above 0, got nan"),
        (["00.1", "--points", "two"], "--points must be numbers with commas between them, as in 2,5, got 'two'"),
        (["00.1", "--by-hand", "0"], "by_hand must be numbers above 0, got 0.0"),
        (["02.4"], "02.4 can't be judged by a grader: a person has to look at its answer"),
        (["02.3"], "02.3 can't stand in a notebook of its own: it needs what chapter 2 fetches or trains"),
        (["00.1", "05.2", "00.1"], "00.1 is named twice"),
        (["00.1", "--name", "week 1"], "name must be letters, digits"),
        (["00.1", "--title", " "], "title must be one line of text"),
        (["nowhere.md"], "nowhere.md doesn't exist"),
        (["nowhere.md", "00.1"], "a file has its own points, name and title; name it alone"),
        (["nowhere.md", "--points", "1"], "a file has its own points"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_left(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "-1" in arguments:
        arguments = ["00.1", "--points=-1"]
    assert command([*arguments, "--format", "nbgrader"]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_exercise_of_ones_own_needs_a_file():
    exercises.register("mine.1", lambda answer: None, hint="None.")
    with pytest.raises(ValueError, match="is no exercise of the book; from_file"):
        from_exercises(["mine.1"])


def test_the_student_edition_has_no_assignments(monkeypatch, tmp_path):
    hints = {name: {"hint": text["hint"], "solution": "withheld"} for name, text in TEXTS.items()}
    (tmp_path / "texts.json").write_text(json.dumps(hints), encoding="utf-8")
    monkeypatch.setattr("mlhelpers.assignment._parts.files", lambda package: tmp_path)
    with pytest.raises(ValueError, match="the student edition has no assignments"):
        from_exercises(["00.1"])


@pytest.mark.parametrize("names", ["00.1", []])
def test_names_are_a_list(names):
    with pytest.raises(ValueError, match="names must be exercises"):
        from_exercises(names)


@pytest.mark.parametrize("options", [[], ["--format", "moodle"]])
def test_a_format_is_needed(options, capsys):
    with pytest.raises(SystemExit) as ended:
        command(["00.1", *options])
    assert ended.value.code == 2
    assert "--format" in capsys.readouterr().err


def test_what_exists_stays(tmp_path, capsys):
    (tmp_path / "course").mkdir()
    assert command(["00.1", "--format", "otter", "--output", str(tmp_path / "course")]) == 2
    assert "course exists; name another folder with --output, or remove it" in capsys.readouterr().err
    assert list(tmp_path.rglob("*")) == [tmp_path / "course"]


def test_an_interrupted_writing_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        command(["00.1", "--format", "otter", "--output", str(tmp_path / "course")])
    assert list(tmp_path.iterdir()) == []


def test_it_is_a_module_to_run(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["mlhelpers.assignment", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("mlhelpers.assignment", run_name="__main__", alter_sys=False)
    assert ended.value.code == 0
    assert "--format {nbgrader,otter}" in capsys.readouterr().out
