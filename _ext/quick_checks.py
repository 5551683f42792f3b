"""Put a question at the end of a section, which the reader's browser judges: no kernel, no network.

The questions of chapter NN stand in quick_checks/NN.yml, beside the notebooks and not in them. On the page each is a
form with its answers, and a fold that explains them all; quick_checks.js makes of it a question that answers. Where
there are no scripts, the fold is what the reader opens.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from docutils import nodes
from markdown_it import MarkdownIt
from sphinx.application import Sphinx
from sphinx.errors import SphinxError

FOLDER = "quick_checks"
MARKDOWN = MarkdownIt("commonmark", {"typographer": True, "html": False}).enable(["smartquotes", "table"])
COMMON = {"after", "case", "question", "verify"}
KEYS = {
    "choices": COMMON | {"choices"},
    "number": COMMON | {"number", "tolerance", "right", "wrong", "otherwise"},
}


class QuickCheckError(SphinxError):
    """A question can't be put into the book; the message names its file and the question."""

    category = "Quick check"


class Answer(NamedTuple):
    """One answer and what to say to it; for a numeric question a number, or last all numbers that are not named."""

    text: str
    right: bool
    because: str
    number: float | None = None


class Question(NamedTuple):
    after: str  # the anchor of its section
    case: str
    question: str
    answers: tuple[Answer, ...]
    tolerance: float | None = None
    verify: str = ""  # code that shows what is right; only the tests run it


def need(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def text_of(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    need(isinstance(value, str) and bool(value.strip()), f"`{key}` must be a text, not {value!r}")
    need("$" not in str(value), f"`{key}` has a formula, and formulas are not set in a quick check")
    return str(value).strip()


def number_of(entry: dict[str, Any], key: str) -> float:
    """Return a number, which may be written as a fraction."""
    value = entry.get(key)
    try:
        number = float(Fraction(str(value))) if not isinstance(value, bool) else math.nan
    except (ValueError, ZeroDivisionError):
        number = math.nan
    need(math.isfinite(number), f"`{key}` must be a number, not {value!r}")
    return number


def read_choices(entry: dict[str, Any]) -> list[Answer]:
    choices = entry["choices"]
    need(isinstance(choices, list) and len(choices) >= 2, "it needs two choices at least")
    answers = []
    for choice in choices:
        need(isinstance(choice, dict), f"a choice needs `says`, not {choice!r}")
        says = text_of(choice, "says")
        need(
            len(choice.keys() & {"right", "wrong"}) == 1 and len(choice) == 2,
            f"the choice {says!r} needs one explanation, under `right` or under `wrong`, and nothing else",
        )
        right = "right" in choice
        answers.append(Answer(says, right, text_of(choice, "right" if right else "wrong")))
    n_right = sum(answer.right for answer in answers)
    need(n_right == 1, f"one choice must be right, not {n_right}")
    need(len({answer.text for answer in answers}) == len(answers), "two choices say the same")
    return answers


def read_numbers(entry: dict[str, Any]) -> tuple[list[Answer], float]:
    tolerance = number_of(entry, "tolerance")
    need(tolerance > 0, f"`tolerance` must be above 0, not {tolerance}")
    answers = [Answer(str(entry["number"]), True, text_of(entry, "right"), number_of(entry, "number"))]
    wrong = entry.get("wrong", [])
    need(isinstance(wrong, list) and len(wrong) >= 1, "`wrong` must list the numbers that a misunderstanding gives")
    for each in wrong:
        need(
            isinstance(each, dict) and each.keys() == {"number", "because"}, "a wrong number needs `number`, `because`"
        )
        answers.append(Answer(str(each["number"]), False, text_of(each, "because"), number_of(each, "number")))
    numbers = sorted(answer.number for answer in answers if answer.number is not None)
    apart = min(b - a for a, b in pairwise(numbers))
    need(apart > 2 * tolerance, f"two of its numbers are {apart:g} apart, and the tolerance takes them for one")
    return [*answers, Answer("any other number", False, text_of(entry, "otherwise"))], tolerance


def read_question(entry: Any) -> Question:
    need(isinstance(entry, dict), f"a question must be a mapping, not {entry!r}")
    kinds = entry.keys() & KEYS.keys()
    need(len(kinds) == 1, "a question has either `choices` or a `number`")
    unknown = entry.keys() - KEYS[kinds.pop()]
    need(not unknown, f"unknown key: {', '.join(sorted(map(str, unknown)))}")
    answers, tolerance = (read_choices(entry), None) if "choices" in entry else read_numbers(entry)
    case, verify = (text_of(entry, key) if key in entry else "" for key in ("case", "verify"))
    return Question(text_of(entry, "after"), case, text_of(entry, "question"), tuple(answers), tolerance, verify)


def read(path: Path) -> list[Question]:
    """Return the questions of a chapter; what is wrong with one of them names its file and the question."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise QuickCheckError(f"{FOLDER}/{path.name}: {error}") from None
    if not isinstance(entries, list):
        raise QuickCheckError(f"{FOLDER}/{path.name}: it must be a list of questions")
    questions = []
    for place, entry in enumerate(entries, start=1):
        try:
            questions.append(read_question(entry))
        except ValueError as error:
            after = entry.get("after") if isinstance(entry, dict) else None
            raise QuickCheckError(f"{FOLDER}/{path.name}, question {place} (after {after!r}): {error}") from None
    return questions


def inline(text: str) -> str:
    return str(MARKDOWN.renderInline(" ".join(text.split())))


def explanation(answer: Answer, place: int, tolerance: float | None) -> str:
    """Return the entry of an answer in the fold, where the script reads, too, what is right."""
    numbers = f' data-number="{answer.number!r}" data-tolerance="{tolerance!r}"' if answer.number is not None else ""
    verdict = "Right" if answer.right else "Not right"
    text = answer.text if answer.text.endswith(".") else f"{answer.text}."
    return (
        f'<li data-answer="{place}" data-right="{str(answer.right).lower()}"{numbers}>'
        f"<strong>{verdict}: {inline(text)}</strong> <span>{inline(answer.because)}</span></li>"
    )


def as_html(question: Question, place: int) -> str:
    """Return the form of a question, the `place`-th of its page."""
    if question.tolerance is None:
        name = f"quick-check-{place}"
        controls = "".join(
            f'<label><input type="radio" name="{name}" value="{i}"> <span>{inline(answer.text)}</span></label>'
            for i, answer in enumerate(question.answers)
        )
    else:
        controls = '<label class="number">Your number <input type="text" inputmode="decimal" size="8"></label>'
    case = f'<div class="case">{MARKDOWN.render(question.case)}</div>' if question.case else ""
    explained = "".join(explanation(answer, i, question.tolerance) for i, answer in enumerate(question.answers))
    # Without the script nothing may be sent: a disabled button keeps Enter from doing so.
    return (
        f'<form class="quick-check" autocomplete="off" novalidate><p class="title">Quick check</p>{case}'
        f"<fieldset><legend>{inline(question.question)}</legend>{controls}</fieldset>"
        '<button type="submit" disabled hidden>Check</button><div class="verdict" role="status"></div>'
        f"<details><summary>All answers, explained</summary><ul>{explained}</ul></details></form>\n"
    )


def insert(doctree: nodes.document, questions: list[Question], name: str) -> None:
    """Put the questions at the end of their sections; a reading time counts nothing that is raw."""
    found = {anchor: section for section in doctree.findall(nodes.section) for anchor in section["ids"]}
    for place, question in enumerate(questions, start=1):
        if question.after not in found:
            known = ", ".join(found)
            raise QuickCheckError(f"{name}, question {place}: no section {question.after!r}; there are {known}")
        found[question.after] += nodes.raw("", as_html(question, place), format="html")


def chapter_of(path: Path, docnames: set[str]) -> str:
    names = [name for name in docnames if name.startswith(f"chapters/{path.stem}_")]
    if len(names) != 1:
        raise QuickCheckError(f"{FOLDER}/{path.name}: no chapter has this number")
    return names[0]


def read_all(app: Sphinx, env: Any, docnames: list[str]) -> None:
    paths = sorted(Path(app.srcdir, FOLDER).glob("*.yml"))
    env.quick_checks = {chapter_of(path, env.found_docs): read(path) for path in paths}


def put(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if docname in app.env.quick_checks:
        insert(doctree, app.env.quick_checks[docname], f"{FOLDER}/{docname.removeprefix('chapters/')[:2]}.yml")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-before-read-docs", read_all)
    app.connect("doctree-resolved", put, priority=600)  # when checks.py has read what stands beside what
    return {"parallel_read_safe": True, "parallel_write_safe": True}
