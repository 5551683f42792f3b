"""The pages for teachers: minutes that add up, misunderstandings that `check` names, a hub that students can't harm."""

from __future__ import annotations

import csv
import math
import os
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup
from extensions import extension
from scipy.special import expit, softmax
from sklearn.metrics import f1_score
from sklearn.preprocessing import MultiLabelBinarizer

from mlhelpers.exercises import check

ROOT = Path(__file__).parent.parent
HTML = ROOT / "_build" / "html"
TEACHING = (ROOT / "teaching.md").read_text(encoding="utf-8")
PLANS = (ROOT / "teaching_plans.md").read_text(encoding="utf-8")
TABLE = files("mlhelpers.exercises") / "table.csv"
MOST_MINUTES = 12  # to read one of the two pages
EXERCISE = re.compile(r"\d\d\.\d")
CHAPTER = re.compile(r"\]\(chapters/(\w+)\.ipynb\)")
SECTION = re.compile(r"\]\(chapters/(\w+)\.ipynb#([\w-]+)\)")
IN_CLASS = 35  # minutes for exercises in a session of 90 minutes


def plan(heading: str) -> tuple[list[list[str]], str]:
    """Return the rows of the table under a heading, without its head, and the text around it."""
    (section,) = re.findall(rf"(?ms)^## {heading}\n(.*?)(?=^## |\Z)", PLANS)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return rows[2:], "\n".join(line for line in section.splitlines() if line[:1] != "|")


def minutes(cell: str) -> int:
    """Return the minutes that a cell names."""
    return sum(int(number.replace(",", "")) for number in re.findall(r"([\d,]+) min\b", cell))


def reading(text: str) -> int:
    """Return the minutes to read the chapters that a text links, as the build counts them."""
    heads = [(HTML / "chapters" / f"{name}.html").read_text(encoding="utf-8") for name in CHAPTER.findall(text)]
    return sum(int(re.search(r'<p class="times">(\d+) minutes to read', head)[1]) for head in heads)


def exercising(text: str) -> int:
    """Return the minutes for the exercises that a text names, as the table of exercises has them."""
    if not TABLE.is_file():
        pytest.skip("this package has no table of exercises")
    rows = csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())
    table = {row["exercise"]: int(row["minutes"]) for row in rows}
    return sum(table[name] for name in EXERCISE.findall(text))


@pytest.mark.parametrize(
    ("heading", "all_in_all"),
    [("One lecture", 90), ("A session of 90 minutes", 90), ("Three weeks", 0), ("Six sessions", 0)],
)
def test_the_minutes_of_a_plan_add_up(heading, all_in_all):
    (*rows, last), around = plan(heading)
    columns = [k for k, cell in enumerate(last) if minutes(cell)]
    assert "together" in last and columns
    for k in columns:
        assert sum(minutes(row[k]) for row in rows) == minutes(last[k])
    told = all_in_all or int(re.search(r"([\d,]+) minutes in all", around)[1].replace(",", ""))
    assert sum(minutes(last[k]) for k in columns) == told


@pytest.mark.parametrize("heading", ["Three weeks", "Six sessions"])
def test_reading_takes_what_the_chapters_say(heading):
    (*rows, _), _ = plan(heading)
    assert [minutes(row[1]) for row in rows] == [reading(row[1]) for row in rows]


@pytest.mark.parametrize("heading", ["Three weeks", "Six sessions"])
def test_exercises_take_what_their_table_says(heading):
    (*rows, _), _ = plan(heading)
    assert [minutes(row[3]) for row in rows] == [exercising(row[3]) for row in rows]
    assert [row for row in rows if exercising(row[2]) > IN_CLASS * minutes(row[2]) / 90] == []
    assert [row for row in rows if set(EXERCISE.findall(row[2])) & set(EXERCISE.findall(row[3]))] == []


def test_the_lecture_says_what_follows_it():
    _, around = plan("One lecture")
    reads, does = re.search(
        r"students read (.*?\)) \((\d+) min\) and do the exercises (.*?) \((\d+) min\)", around, re.DOTALL
    ).group(1, 3)
    assert minutes(around) == reading(reads) + exercising(does)


def test_the_third_session_in_keras_takes_what_the_page_says():
    sklearn, keras = (reading(f"](chapters/{name}.ipynb)") for name in ("03_sklearn_one_vs_rest", "02_keras_bce"))
    assert keras - sklearn == 5 and "five minutes more to read" in PLANS


def test_an_exercise_needs_what_was_read_before():
    for heading in ("Three weeks", "Six sessions"):
        read: set[str] = set()
        for row in plan(heading)[0][:-1]:
            read |= {name[:2] for name in CHAPTER.findall(row[1])}
            assert {name[:2] for name in EXERCISE.findall(row[2] + row[3])} <= read


def test_what_to_show_live_is_marked_where_it_needs_a_trained_network():
    rows, _ = plan("What to show live")
    assert len(rows) >= 12
    for section, question in rows:
        (name, anchor), *more = SECTION.findall(section)
        page = BeautifulSoup((HTML / "chapters" / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        found = page.find(id=anchor)
        assert not more and found is not None and found.select_one(".cell_input"), section
        code = "".join(cell.get_text() for cell in found.select(".cell_input"))
        assert ("★" in section) == bool(re.search(r"\b(network\(|pasted\b)", code)), section
        assert 3 <= len(question.split()) <= 25


# What students get wrong

WRONG = re.compile(r'(?m)^- \*\*(.+?)\.\*\* In (\d\d\.\d) somebody answers `(.+?)`, and `check` says: "(.+)"$')
COLUMN = ["cat, dog", "", "Dog,cat , dog", "sunset", "dog,"]
NAMES = {"math": math, "np": np, "expit": expit, "softmax": softmax, "f1_score": f1_score, "column": COLUMN}
NAMES |= {"MultiLabelBinarizer": MultiLabelBinarizer, "Z": np.random.default_rng(0).normal(size=(2000, 10))}
MISUNDERSTANDINGS = WRONG.findall(TEACHING)


def test_every_misunderstanding_is_read():
    (section,) = re.findall(r"(?ms)^## What students get wrong\n(.*?)(?=^## )", TEACHING)
    assert len(MISUNDERSTANDINGS) == section.count("\n- **") == 13 and "Thirteen misunderstandings" in section


@pytest.mark.parametrize(("exercise", "answer", "told"), [each[1:] for each in MISUNDERSTANDINGS])
def test_check_says_what_the_page_says(exercise, answer, told):
    verdict = check(exercise, eval(answer, dict(NAMES)))
    assert (bool(verdict), verdict.message) == (False, f"not yet. {told}")


# The pages


@pytest.mark.parametrize("name", ["teaching", "teaching_plans"])
def test_a_page_is_read_in_twelve_minutes(name):
    article = BeautifulSoup((HTML / f"{name}.html").read_text(encoding="utf-8"), "html.parser").select_one("article")
    code = [line for block in article.select("pre") for line in block.extract().get_text().splitlines() if line]
    seconds = extension("reader").SECONDS
    took = len(article.get_text(" ").split()) * seconds["word"] + len(code) * seconds["line of code"]
    assert took / 60 <= MOST_MINUTES


def test_the_statement_names_standard_date_and_what_is_tested():
    (statement,) = re.findall(r"(?ms)^## Accessibility statement\n(.*)\Z", TEACHING)
    for part in ("WCAG 2.2", "level AA", "November 2026", "axe-core", "1300 pixels", "390 pixels", "Known gaps"):
        assert part in statement
    browser = (ROOT / "tests" / "browser.py").read_text(encoding="utf-8")
    assert (
        'LAPTOP, PHONE = {"width": 1300' in browser
        and 'PHONE = {"width": 1300, "height": 900}, {"width": 390' in browser
    )


# A JupyterHub

HUB = ROOT / "jupyterhub"
DOCKERFILE = (HUB / "Dockerfile").read_text(encoding="utf-8")
needs_sh = pytest.mark.skipif(shutil.which("sh") is None or os.name == "nt", reason="needs a POSIX shell")


def started(folder: Path, *command: str) -> str:
    """Run start.sh as a container does, with `folder` for what all share and a home of its own."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run(
        ["sh", folder / "shared" / "start.sh", *command], cwd=home, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def shared(tmp_path):
    (tmp_path / "shared" / "notebooks").mkdir(parents=True)
    shutil.copy(HUB / "start.sh", tmp_path / "shared")
    for name in ("00_a.ipynb", "01_b.ipynb"):
        (tmp_path / "shared" / "notebooks" / name).write_text("as handed out")
    return tmp_path


@needs_sh
def test_a_student_gets_a_copy_and_keeps_what_they_wrote(shared):
    told = started(shared, "sh", "-c", 'echo "$MLHELPERS_DATA" "$JUPYTER_PREFER_ENV_PATH"; ls book')
    assert told.split() == [str(shared / "shared" / "data" / "mlhelpers"), "1", "00_a.ipynb", "01_b.ipynb"]
    (shared / "home" / "book" / "00_a.ipynb").write_text("my answer")
    (shared / "home" / "book" / "01_b.ipynb").unlink()
    assert started(shared, "cat", "book/00_a.ipynb", "book/01_b.ipynb") == "my answeras handed out"


@needs_sh
@pytest.mark.parametrize(
    ("token", "server"), [("", "jupyter lab --ip=0.0.0.0 --no-browser"), ("x", "jupyterhub-singleuser ")]
)
def test_without_a_command_it_starts_the_server_that_is_wanted(shared, monkeypatch, token, server):
    programs = shared / "shared" / "env" / "bin"
    programs.mkdir(parents=True)
    for name in ("jupyter", "jupyterhub-singleuser"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*"\n')
        (programs / name).chmod(0o755)
    monkeypatch.setitem(os.environ, "PATH", os.environ["PATH"])
    environ = {"PATH": os.environ["PATH"], "HOME": str(shared), "JUPYTERHUB_API_TOKEN": token}
    done = subprocess.run(["sh", shared / "shared" / "start.sh"], env=environ, capture_output=True, text=True)
    assert done.stdout == f"{server}\n"


def test_notebooks_leave_most_of_a_home_to_the_student():
    assert sum(path.stat().st_size for path in (ROOT / "chapters").glob("*.ipynb")) < 15e6  # of 50


def test_the_image_runs_as_a_student_who_owns_nothing_that_is_shared():
    steps = [line.split()[0] for line in DOCKERFILE.splitlines() if re.match(r"[A-Z]+ ", line)]
    assert steps.index("USER") < steps.index("ENTRYPOINT") and steps.index("USER") > max(
        k for k, step in enumerate(steps) if step in ("COPY", "RUN")
    )
    assert "USER root" not in DOCKERFILE and "--chown" not in DOCKERFILE
    assert "chmod -R a+rX,go-w ." in (HUB / "install.sh").read_text(encoding="utf-8")
    copied = re.findall(r"(?m)^COPY (.+) /srv/book", DOCKERFILE)
    here = [name for line in copied for name in line.split() if not name.startswith("_build/")]
    assert here and [name for name in here if not (ROOT / name).is_file()] == []


def test_the_workflow_builds_the_image_and_tries_it():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))["jobs"]
    steps = [step["run"] for step in jobs["hub"]["steps"] if "run" in step]
    for line in re.findall(r"(?m)^(make course|docker .*)$", TEACHING):
        assert any(line in step for step in steps), line
