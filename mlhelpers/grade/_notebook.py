"""Find the answers in a notebook: the expressions that stand in its checks, and what has to run before each of them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST = 50 * 2**20  # bytes of a notebook
LIBRARIES = {"mlhelpers", "numpy", "scipy", "sklearn", "pandas", "matplotlib", "keras", "tensorflow", "jax", "torch"}
_SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign)
_NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
_BODY_MAGICS = ("%%time", "%%timeit", "%%capture")


@dataclass(frozen=True)
class Run:
    """Statements of a cell to run, from `start` up to `stop`, not included."""

    cell: int
    source: str
    start: int
    stop: int


@dataclass(frozen=True)
class Ask:
    """What to take for the answer to an exercise, what for its evidence if there is some, and if it has a seed."""

    cell: int
    exercise: str
    expression: str
    evidence: str | None = None
    seeded: bool = False


@dataclass(frozen=True)
class Submission:
    """What there is to do with a notebook, and what of it can't be graded.

    Attributes
    ----------
    steps : tuple of Run or Ask
        In the notebook's order.
    hidden : dict from str to int
        Exercises that are checked inside of a loop, a condition or a function, and in which cell.
    broken : dict from int to str
        Cells that are no Python, and why.
    imports : tuple of str
        Modules of libraries that it imports, which takes long and isn't the student's time.
    """

    steps: tuple[Run | Ask, ...]
    hidden: dict[str, int]
    broken: dict[int, str]
    imports: tuple[str, ...]


def read_submission(path: Path, exercises: Collection[str]) -> Submission:
    """Return what there is to do with a notebook.

    The book's own folded solutions are left out: they are not the student's.
    """
    steps: list[Run | Ask] = []
    hidden: dict[str, int] = {}
    broken: dict[int, str] = {}
    imports: dict[str, None] = {}
    for number, cell in enumerate(_cells(path), start=1):
        if _is_solution(cell):
            continue
        source = python_of(cell["source"])
        try:
            tree = ast.parse(source)
            found = list(_steps(number, source, tree, exercises))
        except _NO_PYTHON as error:
            broken[number] = f"{type(error).__name__}: {getattr(error, 'msg', error)}"
            for name in exercises:
                if re.search(rf"""check\(\s*["']{re.escape(name)}["']""", source):
                    hidden.setdefault(name, number)
            continue
        imports |= dict.fromkeys(_imported(tree))
        steps += found
        for statement in tree.body:
            if not isinstance(statement, _SIMPLE):
                hidden |= {name: number for name, *_ in _checks(statement, exercises)}
    last = {step.exercise: place for place, step in enumerate(steps) if isinstance(step, Ask)}
    kept = tuple(s for place, s in enumerate(steps) if isinstance(s, Run) or last[s.exercise] == place)
    return Submission(kept, {name: cell for name, cell in hidden.items() if name not in last}, broken, tuple(imports))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
        yield from (name for name in names if name.partition(".")[0] in LIBRARIES)


def _cells(path: Path) -> list[dict[str, Any]]:
    """Return the code cells of a notebook, checked."""
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8") if size <= LARGEST else ""
    except FileNotFoundError:
        raise ValueError(f"{path} doesn't exist; name a notebook (.ipynb) that was handed in") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} can't be read as a notebook: {error}") from None
    if size > LARGEST:
        raise ValueError(f"{path} has {size / 2**20:.0f} MiB; clear its outputs, a notebook has at most 50")
    try:
        cells = json.loads(text)["cells"]
        found = [cell for cell in cells if cell["cell_type"] == "code"]
        for cell in found:
            lines = cell["source"]
            cell["source"] = lines if isinstance(lines, str) else "".join(lines)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError(f"{path} is no Jupyter notebook of format 4; save it as .ipynb") from None
    return found


def _is_solution(cell: dict[str, Any]) -> bool:
    metadata = cell.get("metadata")
    shown = metadata.get("mystnb") if isinstance(metadata, dict) else None
    return isinstance(shown, dict) and str(shown.get("code_prompt_show", "")).startswith("Show solution")


def python_of(source: str) -> str:
    """Return a cell without what only IPython understands; lines keep their numbers."""
    lines = source.splitlines()
    if source.startswith("%%") and not source.startswith(_BODY_MAGICS):
        return ""
    for place, line in enumerate(lines):
        begin = line.lstrip()
        if begin.startswith(("%", "!")) or (begin.endswith("?") and not begin.startswith("#")):
            lines[place] = line[: len(line) - len(begin)] + "pass"
    try:
        ast.parse(source)
    except _NO_PYTHON:
        return "\n".join(lines)
    return source  # a line of a text may begin with a percent sign


def _steps(cell: int, source: str, tree: ast.Module, exercises: Collection[str]) -> Iterator[Run | Ask]:
    """Divide a cell at its checks: what stands before, the answer, what follows."""
    start = 0
    for place, statement in enumerate(tree.body):
        asked = list(_checks(statement, exercises)) if isinstance(statement, _SIMPLE) else []
        if not asked:
            continue
        if place > start:
            yield Run(cell, source, start, place)
        for exercise, given in asked:
            evidence = ast.unparse(given["evidence"]) if "evidence" in given else None
            yield Ask(cell, exercise, ast.unparse(given["answer"]), evidence, "seed" in given)
        bare = isinstance(statement, ast.Expr) and _is_check(statement.value, exercises)
        start = place + 1 if bare else place
    if start < len(tree.body):
        yield Run(cell, source, start, len(tree.body))


def _checks(statement: ast.stmt, exercises: Collection[str]) -> Iterator[tuple[str, dict[str, ast.expr]]]:
    for node in ast.walk(statement):
        if found := _is_check(node, exercises):
            yield found


def _is_check(node: ast.AST, exercises: Collection[str]) -> tuple[str, dict[str, ast.expr]] | None:
    """Return exercise and arguments if this is `check("02.3", answer)` or `grade("02.3", answer, points=2)`."""
    if not isinstance(node, ast.Call):
        return None
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    given = dict(zip(("exercise", "answer"), node.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    exercise, answer = given.get("exercise"), given.get("answer")
    if name not in ("check", "grade") or answer is None or isinstance(answer, ast.Starred):
        return None
    if isinstance(exercise, ast.Constant) and isinstance(exercise.value, str) and exercise.value in exercises:
        return exercise.value, given
    return None
