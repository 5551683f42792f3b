"""Write the student edition into _build/course: the site, the notebooks and the wheel, without the solutions.

    python tools/course.py

The sources are copied without the solutions, and the copy publishes itself, by tools/publish.py, from the outputs that
are stored. So its pages, its search and its wheel are made of files in which no solution is. At the end every file is
searched for the lines of the solutions; one that is found is an error, and the last edition stays.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import book
import fingerprint
import nbformat
import yaml
from book import Notebook
from bs4 import BeautifulSoup

COURSE = book.BUILD / "course"
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", "_build", "dist", "tests", "__pycache__", ".*_cache", ".hypothesis"
)
CONSEQUENCE = re.compile(r"<details><summary>What follows from it</summary>.*?</details>\s*", flags=re.DOTALL)
HEADING = re.compile(r"(?m)^## Exercises$")
WITHHELD = "*In this edition the solutions are withheld: your teacher has them.*"
FOR_TEACHERS = "teaching"  # how their names begin
LICENSE = {"text": "CC-BY-4.0", "code": "MIT"}
LEAST_TELLING = 24  # characters of a line that tells a solution; shorter ones are everybody's
README = """\
# {title}: student edition

- `site/`: the book to serve, with its search; `site/index.html` opens without a server, too;
- `notebooks/`: the chapters to hand out, licence and attribution in each;
- `{wheel}`: the package that they import, to be installed with pip.

The solutions are in none of them, and `exercises.solution` says so. The wheel holds the judges, which compute what is
right: who reads their code can learn from it what an answer must be. And who runs a kernel can replace what is in it:
`check` helps students, and is no ground for marks.

Marks are for teachers, with `python -I -m mlhelpers.grade` and the package of the whole book, not this wheel: here the
grader lacks the new data on which functions are judged, the table of exercises lacks what to look for in a proof, and
the grader says that it can't give marks.
"""


def parts(notebook: Notebook) -> tuple[list[Notebook], list[Notebook]]:
    """Return the cells before the exercises, and the others."""
    first = next((i for i, cell in enumerate(notebook.cells) if HEADING.search(cell.source)), None)
    return notebook.cells[:first], [] if first is None else notebook.cells[first:]


def solutions(notebook: Notebook) -> list[Notebook]:
    """Return what is folded among the exercises: the solutions, and the checks of what they show."""
    return [cell for cell in parts(notebook)[1] if book.is_folded(cell)]


def without_solutions(notebook: Notebook) -> Notebook:
    """Return a chapter without its solutions and what follows from them; its stored outputs still fit."""
    result = copy.deepcopy(notebook)
    lesson, exercises = parts(result)
    result.cells = lesson + [cell for cell in exercises if not book.is_folded(cell)]
    for cell in result.cells:
        if cell.cell_type == "markdown":
            cell.source = CONSEQUENCE.sub("", cell.source)
            cell.source = HEADING.sub(f"## Exercises\n\n{WITHHELD}", cell.source)
    result.cells = [cell for cell in result.cells if cell.source.strip()]
    if "fingerprint" in result.metadata:
        result.metadata.fingerprint.cells = fingerprint.cell_digests(result)
    return result


def with_attribution(notebook: Notebook, title: str, author: str) -> Notebook:
    """Return a notebook that says, in its metadata and its last cell, whose it is and what one may do with it."""
    result = copy.deepcopy(notebook)
    result.metadata["title"], result.metadata["authors"] = title, [{"name": author}]
    result.metadata["license"] = dict(LICENSE)
    said = (
        f"From *{title}*, by {author}. Text and figures are under "
        "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), code is under the MIT License. "
        "This is the student edition, which leaves out the solutions."
    )
    result.cells.append(nbformat.v4.new_markdown_cell(said, id="attribution"))
    return result


def telling_lines(notebooks: dict[str, Notebook], stripped: dict[str, Notebook]) -> set[str]:
    """Return the lines by which one knows a solution: those that stand in no other cell and in no module."""
    lines = {
        line.strip() for each in notebooks.values() for cell in solutions(each) for line in cell.source.splitlines()
    }
    elsewhere = "\n".join(cell.source for each in stripped.values() for cell in each.cells)
    elsewhere += "\n".join(path.read_text(encoding="utf-8") for path in (book.ROOT / "mlhelpers").rglob("*.py"))
    return {line for line in lines if len(line) >= LEAST_TELLING and line not in elsewhere}


def readable(path: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Yield what a reader can find in a file: the text of a page, the cells of a notebook, the files of a wheel."""
    if path.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            for name in wheel.namelist():
                yield from readable(f"{path}/{name}", wheel.read(name))
        return
    if path.endswith((".html", ".ipynb", ".py", ".js", ".json", ".md", ".txt", ".inv")):
        text = content.decode(errors="replace")
        if path.endswith(".html"):
            text = BeautifulSoup(text, "html.parser").get_text()
        elif path.endswith((".ipynb", ".json")):
            text = "\n".join(strings(json.loads(text)))
        yield path, text


def strings(value: object) -> Iterator[str]:
    """Yield all strings in a JSON value; lists of lines, as notebooks have them, in one piece."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        if all(isinstance(part, str) for part in value):
            yield "".join(value)
        else:
            for part in value:
                yield from strings(part)


def leaks(folder: Path, lines: set[str]) -> list[str]:
    """Return where a line of a solution stands."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        for name, text in readable(path.relative_to(folder).as_posix(), path.read_bytes()):
            found += [f"{name}: {line}" for line in sorted(lines & {line.strip() for line in text.splitlines()})]
    return found


def without_what_tells(exercises: Path) -> None:
    """Leave out of the package what only marks need, and what tells the answers: solutions, trials, rubrics."""
    texts, table = exercises / "texts.json", exercises / "table.csv"
    hints = {
        name: {"hint": text["hint"], "solution": WITHHELD.strip("*")}
        for name, text in json.loads(texts.read_text(encoding="utf-8")).items()
    }
    book.write(texts, json.dumps(hints, indent=1, ensure_ascii=False) + "\n")
    (exercises / "_trials.py").unlink()
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    kept = io.StringIO()
    writer = csv.DictWriter(kept, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "proof": row["proof"] and "withheld"} for row in rows)
    book.write(table, kept.getvalue())


def copy_sources(folder: Path, notebooks: dict[str, Notebook]) -> None:
    """Copy the project without tests, with these chapters, and with no solution in the package or among the claims."""
    shutil.copytree(book.ROOT, folder, ignore=NOT_COPIED)
    for name, notebook in notebooks.items():
        book.write(folder / "chapters" / f"{name}.ipynb", nbformat.writes(notebook) + "\n")
        evidence = folder / "evidence" / f"{name}.json"
        if evidence.exists():
            tried, there = json.loads(evidence.read_text(encoding="utf-8")), {cell.source for cell in notebook.cells}
            tried["claims"] = [claim for claim in tried["claims"] if claim["source"] in there]
            book.write(evidence, json.dumps(tried, ensure_ascii=False))
    leave_out_pages_for_teachers(folder)
    without_what_tells(folder / "mlhelpers" / "exercises")


def leave_out_pages_for_teachers(folder: Path) -> None:
    """Take the pages that tell where the solutions are out of copied sources, and what leads to them."""
    for page in folder.glob(FOR_TEACHERS + "*.md"):
        page.unlink()
    toc = yaml.safe_load((folder / "_toc.yml").read_text(encoding="utf-8"))
    toc["parts"] = [part for part in toc["parts"] if not part["chapters"][0]["file"].startswith(FOR_TEACHERS)]
    book.write(folder / "_toc.yml", yaml.safe_dump(toc, allow_unicode=True, sort_keys=False))
    title_page = (folder / "intro.md").read_text(encoding="utf-8").splitlines(keepends=True)
    book.write(folder / "intro.md", "".join(line for line in title_page if f"({FOR_TEACHERS}" not in line))


def publish_copy(folder: Path) -> None:
    """Let the copy publish itself, with its own package and not with the one that is installed."""
    command = [sys.executable, str(folder / "tools" / "publish.py")]
    done = subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)})
    if done.returncode:
        sys.exit("error: the student edition can't be built, see above; the last one stays")


def build() -> None:
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in book.chapters()}
    stripped = {name: without_solutions(notebook) for name, notebook in notebooks.items()}
    config = yaml.safe_load((book.ROOT / "_config.yml").read_text(encoding="utf-8"))
    scratch, sources = book.BUILD / "course.part", book.BUILD / "course.sources"
    for folder in (scratch, sources):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        copy_sources(sources, stripped)
        publish_copy(sources)
        scratch.mkdir()
        (sources / "_build" / "site").rename(scratch / "site")
    finally:
        shutil.rmtree(sources, ignore_errors=True)
    (wheel,) = scratch.glob("site/wheels/*/*.whl")
    shutil.copy(wheel, scratch)
    for name in stripped:
        notebook = nbformat.read(scratch / "site" / "chapters" / f"{name}.ipynb", as_version=4)
        text = nbformat.writes(with_attribution(notebook, config["title"], config["author"])) + "\n"
        for folder in ("site/chapters", "site/_sources/chapters", "notebooks"):
            book.write(scratch / folder / f"{name}.ipynb", text)
    shutil.copy(book.ROOT / "LICENSE", scratch)
    book.write(scratch / "README.md", README.format(title=config["title"], wheel=wheel.name))
    if found := leaks(scratch, telling_lines(notebooks, stripped)):
        sys.exit("\n".join(["error: the student edition holds lines of solutions; the last one stays", *found[:20]]))
    book.replace_folder(scratch, COURSE)
    print(f"The student edition is ready in {COURSE}")


def main() -> None:
    with book.alone():
        build()


if __name__ == "__main__":
    main()
