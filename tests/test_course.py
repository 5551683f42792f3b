"""The student edition: no solution in any of its files, and chapters whose cells need none."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import course
import nbformat
import publish
import pytest

from mlhelpers import exercises

NOTEBOOKS = {path.stem: nbformat.read(path, as_version=4) for path in course.book.chapters()}
STRIPPED = {name: course.without_solutions(notebook) for name, notebook in NOTEBOOKS.items()}
LINES = course.telling_lines(NOTEBOOKS, STRIPPED)


def code(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_exercises_stay_and_their_solutions_go(name):
    texts = json.loads((course.book.ROOT / "mlhelpers" / "exercises" / "texts.json").read_text(encoding="utf-8"))
    asked = [exercise for exercise in texts if exercise.startswith(name[:2])]
    kept = "\n".join(code(STRIPPED[name]))
    assert [f'exercises.check("{exercise}", answer)' in kept for exercise in asked] == [True] * len(asked)
    prose = "\n".join(cell.source for cell in STRIPPED[name].cells if cell.cell_type == "markdown")
    assert prose.count("<summary>Hint</summary>") == len(asked) and "What follows from it" not in prose
    assert prose.count(course.WITHHELD) == 1
    gone = len(NOTEBOOKS[name].cells) - len(STRIPPED[name].cells)
    assert gone >= len(asked) and not course.solutions(STRIPPED[name])


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_cell_needs_a_name_of_a_solution(name, tmp_path):
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(STRIPPED[name], path)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_stored_outputs_fit_after_the_solutions_are_gone(tmp_path):
    for notebook in STRIPPED.values():
        assert course.fingerprint.differences(notebook, course.book.ROOT) == []


def test_copied_sources_make_a_package_without_solutions(tmp_path, monkeypatch):
    course.copy_sources(tmp_path / "sources", STRIPPED)
    assert not (tmp_path / "sources" / "tests").exists()
    monkeypatch.setattr(course.book, "ROOT", tmp_path / "sources")
    wheel = publish.build_wheel(tmp_path / "sources" / "dist")
    with zipfile.ZipFile(wheel) as package:
        texts = json.loads(package.read("mlhelpers/exercises/texts.json"))
        table = package.read("mlhelpers/exercises/table.csv").decode()
        assert "mlhelpers/exercises/_trials.py" not in package.namelist()
    rubrics = [each.proof for each in exercises.table().exercises if each.proof]
    assert len(rubrics) > 10 and table.count("withheld") == len(rubrics)
    assert not [rubric for rubric in rubrics if rubric in table]
    assert texts and all(text["hint"] and "withheld" in text["solution"] for text in texts.values())
    assert course.leaks(tmp_path / "sources", LINES) == []


def test_pages_for_teachers_are_left_out_with_what_leads_to_them(tmp_path):
    course.copy_sources(tmp_path / "sources", STRIPPED)
    there = {path.name for path in course.book.ROOT.glob("*.md")} - {
        path.name for path in (tmp_path / "sources").glob("*.md")
    }
    assert there == {"teaching.md", "teaching_plans.md"}
    before, after = (
        (root / "_toc.yml").read_text(encoding="utf-8") for root in (course.book.ROOT, tmp_path / "sources")
    )
    assert "teaching" in before and "teaching" not in after
    assert after.count("file: ") == before.count("file: ") - 2
    pages = [path for path in (tmp_path / "sources").glob("*.md") if path.name not in course.book.NOT_PAGES]
    assert [path.name for path in pages if "teaching.md" in path.read_text(encoding="utf-8")] == []


PLANTED = {
    "page.html": lambda line: f"<pre><span>{line[:9]}</span>{line[9:]}</pre>",
    "chapter.ipynb": lambda line: json.dumps({"cells": [{"source": [f"{line}\n", "more"], "outputs": []}]}),
    "output.ipynb": lambda line: json.dumps({"cells": [{"source": [], "outputs": [{"text": [f"  {line}"]}]}]}),
    "texts.json": lambda line: json.dumps({"00.1": {"solution": f"first\n{line}"}}),
    "module.py": lambda line: f"def f():\n    {line}\n",
}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("packed", [False, True], ids=["as a file", "in a wheel"])
def test_a_line_of_a_solution_is_found_wherever_it_stands(tmp_path, name, packed):
    line = "answer = right_answer(of_this, exercise)"
    text = PLANTED[name](line)
    if packed:
        with zipfile.ZipFile(tmp_path / "mlhelpers.whl", "w") as wheel:
            wheel.writestr(name, text)
    else:
        (tmp_path / name).write_text(text, encoding="utf-8")
    (found,) = course.leaks(tmp_path, {line})
    assert found.endswith(f"{name}: {line}")
    assert course.leaks(tmp_path, {"another = line_of(a_solution)"}) == []


def test_most_solutions_are_known_by_a_line():
    solutions = [cell.source for notebook in NOTEBOOKS.values() for cell in course.solutions(notebook)]
    known = [any(line.strip() in LINES for line in solution.splitlines()) for solution in solutions]
    assert sum(known) > 0.95 * len(known)


def test_each_notebook_says_whose_it_is():
    named = course.with_attribution(STRIPPED["00_label_matrix"], "A book", "The authors of this book")
    assert named.metadata.license == {"text": "CC-BY-4.0", "code": "MIT"}
    assert named.metadata.title == "A book" and named.metadata.authors == [{"name": "The authors of this book"}]
    assert "*A book*, by The authors of this book" in named.cells[-1].source and "CC BY 4.0" in named.cells[-1].source
    nbformat.validate(named)
