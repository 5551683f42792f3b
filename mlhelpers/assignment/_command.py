"""The command line that writes assignments."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mlhelpers.assignment._file import from_file
from mlhelpers.assignment._nbgrader import CONFIG, nbgrader_notebook
from mlhelpers.assignment._otter import otter_notebook
from mlhelpers.assignment._parts import Assignment, from_exercises

NEXT = {
    "nbgrader": """\
cd {folder}
nbgrader generate_assignment {name}  # writes release/{name}, for students
nbgrader autograde {name}  # once submitted/STUDENT/{name}/{name}.ipynb are there
nbgrader generate_feedback {name}
nbgrader export  # writes grades.csv
python -I -m mlhelpers.grade {options} submitted/*/{name}/{name}.ipynb""",
    "otter": """\
cd {folder}
otter assign {name}.ipynb dist  # writes dist/student, and the autograder with its tests
otter run --autograder dist/autograder/*.zip submitted/STUDENT.ipynb
python -I -m mlhelpers.grade {options} submitted/*.ipynb""",
}


def command(arguments: Sequence[str]) -> int:
    """Write the assignment that the command line names, and say what to do with it.

    Parameters
    ----------
    arguments : sequence of str
        Without the name of the program.

    Returns
    -------
    int
        0, or 2 if it couldn't be written, with the reason on stderr; nothing is half-written then.
    """
    options = _parser().parse_args(arguments)
    folder = Path(options.output)
    try:
        assignment = _assignment(options)
        if folder.exists() or folder.is_symlink():
            raise ValueError(f"{folder} exists; name another folder with --output, or remove it")
        _write(assignment, options.format, folder)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    marks = ["--seconds", "60", "--points", ",".join(f"{each.name}={each.points:g}" for each in assignment.questions)]
    if assignment.judges:
        marks += ["--exercises", str(Path(options.exercises[0]).with_suffix(".py").resolve())]
    print(f"{folder} holds the instructor's version, with solutions and rubric. {_needs(assignment)} Then:\n")
    where = {"folder": shlex.quote(str(folder)), "name": assignment.name, "options": shlex.join(marks)}
    print(NEXT[options.format].format(**where))
    print("\nThe last line judges outside of the students' Python, in which marks can be faked. Its marks count.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mlhelpers.assignment", description="Write an assignment for a grader."
    )
    parser.add_argument("exercises", nargs="+", metavar="00.1", help="exercises, or one file like assignments/audit.md")
    parser.add_argument("--format", choices=tuple(NEXT), required=True)
    parser.add_argument("--points", metavar="2,5", help="one number for each exercise; else those of the table")
    parser.add_argument(
        "--by-hand", type=float, metavar="2", help="points for the question that a person judges (default: 2)"
    )
    parser.add_argument("--name", help="of the assignment, in letters, digits, - and _ (default: assignment)")
    parser.add_argument("--title", help="of the notebook")
    parser.add_argument("--output", default="course", metavar="FOLDER", help="a new folder (default: %(default)s)")
    return parser


def _assignment(options: argparse.Namespace) -> Assignment:
    if any(each.endswith(".md") for each in options.exercises):
        own = (options.points, options.by_hand, options.name, options.title)
        if len(options.exercises) > 1 or any(each is not None for each in own):
            raise ValueError("a file has its own points, name and title; name it alone, or edit a copy")
        return from_file(options.exercises[0])
    given = {
        name: getattr(options, name) for name in ("by_hand", "name", "title") if getattr(options, name) is not None
    }
    return from_exercises(options.exercises, None if options.points is None else _numbers(options.points), **given)


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"--points must be numbers with commas between them, as in 2,5, got {text!r}") from None


def _needs(assignment: Assignment) -> str:
    """Say what students' and graders' Python must have for the model answers and judges, and what this one lacks."""
    codes = [assignment.setup, assignment.judges, *(f"{each.setup}\n{each.model}" for each in assignment.questions)]
    nodes = [node for code in codes for node in ast.walk(ast.parse(code))]
    modules = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    modules += ["mlhelpers"] + ["skops"] * ("mlhelpers.bundle" in modules)  # a bundle of scikit-learn is saved by it
    names = sorted({each.partition(".")[0] for each in modules} - sys.stdlib_module_names - {""})
    lacking = [name for name in names if importlib.util.find_spec(name) is None]
    told = f"Where it is answered and graded, Python must be able to import {', '.join(names)}."
    return f"{told} The one that runs here lacks {', '.join(lacking)}; install that first." if lacking else told


def _write(assignment: Assignment, form: str, folder: Path) -> None:
    """Write all of it, or nothing."""
    made = nbgrader_notebook(assignment) if form == "nbgrader" else otter_notebook(assignment)
    within = Path("source") / assignment.name if form == "nbgrader" else Path()
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".assignment-", dir=folder.parent))
    try:
        (scratch / within).mkdir(parents=True, exist_ok=True)
        text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
        (scratch / within / f"{assignment.name}.ipynb").write_text(text, encoding="utf-8")
        if form == "nbgrader":
            (scratch / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
        scratch.chmod(0o755)
        scratch.rename(folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
