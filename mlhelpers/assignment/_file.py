"""Assignments of one's own: a Markdown file, and a Python file of judges beside it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from mlhelpers.assignment._parts import Assignment, ByHand, Question, checked_points

_HEADING = re.compile(r"(?m)^## (?:(\d+)\. )?(.+?) \((\d+(?:\.\d+)?) points?, (\d+) minutes\)$")
_CODE = re.compile(r"(?ms)^```python( model)?\n(.*?)^```\n?")
_HAND_IN = re.compile(r"(?m)^Hand in: (.+)$")


def from_file(path: str | Path) -> Assignment:
    """Return the assignment of a Markdown file, whose judges are in a Python file of the same name beside it.

    The file begins with a title, ``# Audit this model``, an introduction, and a block ``python`` of code for all
    questions. A question is a section under a heading like ``## 1. Find it (2 points, 15 minutes)``. It has a line
    ``Hand in: a label set``, and a block ``python model``, which makes `answer`; a block ``python`` of a question runs
    before it. The questions of `audit.md` are called "audit.1" and so on, and `audit.py` registers them by
    `exercises.register`. The last section has no number, is judged by a person, and ends with the rubric, under
    ``### Rubric``.

    Parameters
    ----------
    path : str or Path
        The Markdown file.

    Returns
    -------
    Assignment

    Raises
    ------
    ValueError
        If a file is missing, or one of its parts, or isn't what it must be.

    Examples
    --------
    >>> from_file("nowhere.md")
    Traceback (most recent call last):
    ...
    ValueError: nowhere.md doesn't exist; name the Markdown file of an assignment
    """
    path = Path(path)
    text, judges = _read(path)
    head, sections = _sections(path, text)
    title, _, intro = _CODE.sub("", head).strip().partition("\n")
    if not title.startswith("# "):
        raise ValueError(f'{path} must begin with its title, as in "# Audit this model", got {title[:60]!r}')
    heading, body = sections.pop()
    if heading[1] or [each[1] for each, _ in sections] != [str(n) for n in range(1, len(sections) + 1)] or not sections:
        raise ValueError(f"{path} must have sections with the numbers 1, 2 and so on, and a last one without a number")
    statement, _, rubric = body.partition("### Rubric\n")
    if not rubric.strip() or not statement.strip():
        raise ValueError(f'{path}: the last section must be a question, and end with its rubric under "### Rubric"')
    points = checked_points("points", float(heading[3]))
    by_hand = ByHand(heading[2], statement.strip(), rubric.strip() + "\n", points, int(heading[4]))
    questions = tuple(_question(path, heading, body, judges) for heading, body in sections)
    return Assignment(path.stem, title[2:], intro.strip(), _code(path, head), questions, by_hand, judges)


def _read(path: Path) -> tuple[str, str]:
    """Return the texts of the two files, the second as the code that it is."""
    judges = path.with_suffix(".py")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", path.stem):
        raise ValueError(f'{path}: the name of the file must be letters, digits, "-" and "_", as in audit.md')
    for each, what in ((path, "the Markdown file of an assignment"), (judges, "the file that registers its judges")):
        if not each.is_file():
            raise ValueError(f"{each} doesn't exist; name {what}")
    code = judges.read_text(encoding="utf-8")
    _parsed(judges, code)
    if "'''" in code:
        raise ValueError(
            f"{judges} must not hold three single quotes, between which a notebook has it; use double ones"
        )
    return path.read_text(encoding="utf-8"), code


def _sections(path: Path, text: str) -> tuple[str, list[tuple[re.Match[str], str]]]:
    """Return what stands before the sections, and each heading with its section."""
    found = list(_HEADING.finditer(text))
    lacking = set(re.findall(r"(?m)^## .*$", _CODE.sub("", text))) - {each[0] for each in found}
    if not found or lacking:
        got = sorted(lacking) or "none"
        raise ValueError(f'{path} must have headings as in "## 1. Find it (2 points, 15 minutes)", got {got}')
    ends = [each.start() for each in found[1:]] + [len(text)]
    return text[: found[0].start()], [(each, text[each.end() : end]) for each, end in zip(found, ends, strict=True)]


def _question(path: Path, heading: re.Match[str], body: str, judges: str) -> Question:
    name = f"{path.stem}.{heading[1]}"
    asked, model = _HAND_IN.search(body), _code(path, body, " model")
    if (
        asked is None
        or not re.search(r"(?m)^answer = ", model)
        or not re.search(rf"""["']{re.escape(name)}["']""", judges)
    ):
        raise ValueError(
            f'{path}: {name} needs a line "Hand in: ...", a block "python model" that makes answer, and a judge under '
            f'"{name}" in the Python file'
        )
    statement = f"{_HAND_IN.sub('', _CODE.sub('', body)).strip()}\n\nHand in {asked[1].rstrip('.')}."
    points = checked_points("points", float(heading[3]))
    return Question(name, heading[2], statement, asked[1], points, int(heading[4]), _code(path, body), model)


def _code(path: Path, text: str, kind: str = "") -> str:
    """Return the code of the blocks of a kind."""
    code = "\n\n".join(each[2].strip() for each in _CODE.finditer(text) if (each[1] or "") == kind)
    _parsed(path, code)
    return code


def _parsed(path: Path, code: str) -> None:
    try:
        ast.parse(code)
    except SyntaxError as error:
        raise ValueError(f"{path} has code that is no Python: {error.msg}, in {(error.text or '').strip()!r}") from None
