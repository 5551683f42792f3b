"""The questions: every code runs, every message is the libraries' own, every link lands, every chapter is reached.

A block of code runs as if it were pasted after the set-up at the head of its page. A test of a message fails on the
day that a library words it otherwise: then the heading is to be rewritten, because readers paste what they see.
"""

from __future__ import annotations

import doctest
import re
import warnings
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
import yaml

from mlhelpers.audit import RULES

ROOT = Path(__file__).parents[1]
CONTENTS = (ROOT / "questions.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("questions_*.md"))}
LIBRARIES = ("keras", "tensorflow", "scikit-learn", "numpy")
MOST_LINES, LONGEST_LINE, MOST_WORDS = 10, 80, 110
MESSAGE = re.compile(r"`+(?P<kind>\w+(?:Error|Warning)): (?P<text>.+?)(?:\.\.\.)?`+$")
CODE = re.compile(r"(?s)```python\n(.*?)```")
LINK = re.compile(r"\[[^][]*(?:\[[^][]*\][^][]*)*\]\((?P<target>[^)\s]+)\)")


class Question(NamedTuple):
    page: str
    group: str
    anchor: str
    title: str
    text: str

    @property
    def code(self) -> str:
        return "".join(CODE.findall(self.text))

    @property
    def prose(self) -> str:
        return CODE.sub("", self.text)

    @property
    def targets(self) -> list[str]:
        return [found["target"] for found in LINK.finditer(self.prose)]


def questions_of(name: str, page: str) -> list[Question]:
    found = []
    for group, body in re.findall(r"(?ms)^## (.+?)\n(.*?)(?=^## |\Z)", page):
        asked = re.findall(r"(?ms)^\((q-\S+)\)=\n### (.+?)\n(.*?)(?=^\(q-\S+\)=\n|\Z)", body)
        found += [Question(name, group, *parts) for parts in asked]
    return found


QUESTIONS = [question for name, page in PAGES.items() for question in questions_of(name, page)]
SHOWN = {question.anchor: question for question in QUESTIONS}


@pytest.fixture(params=SHOWN.values(), ids=lambda question: question.anchor)
def question(request):
    return request.param


def run(code: str, names: dict, page: str, line: int = 0) -> str:
    """Run a block in a copy of these names; return what differs from what it says that it prints."""
    test = doctest.DocTestParser().get_doctest(code, dict(names), page, page, line)
    assert test.examples, "a block without a >>> line"
    differences: list[str] = []
    with warnings.catch_warnings():  # some blocks turn warnings into errors, to show them
        warnings.simplefilter("ignore", DeprecationWarning)  # as Python does, unless it is told otherwise
        doctest.DocTestRunner(verbose=False).run(test, out=differences.append, clear_globs=False)
    names |= test.globs
    return "".join(differences)


@cache
def set_up(page: str) -> dict:
    """Return the names that the block at the head of a page makes."""
    names: dict = {}
    head = PAGES[page].partition("\n## ")[0]
    (code,) = CODE.findall(head)
    assert run(code, names, page) == ""
    return names


def test_code_runs_and_prints_what_it_says(question):
    if not question.code:
        return
    line = PAGES[question.page].partition(question.code)[0].count("\n")
    differences = run(question.code, dict(set_up(question.page)), question.page, line)
    versions = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    assert not differences, f"{versions}: rewrite {question.title!r} in {question.page}\n{differences}"


def expected_output(code: str) -> str:
    return "\n".join(example.want for example in doctest.DocTestParser().get_examples(code))


def test_message_in_a_heading_is_what_its_code_prints(question):
    message = MESSAGE.search(question.title)
    assert (message is not None) == question.page.startswith("questions_errors")
    if message is not None:
        assert message["text"] in expected_output(question.code)


def test_a_heading_with_another_message_is_found():
    title = "`ValueError: multilabel-indicator is not supported`"
    assert MESSAGE.search(title)["text"] == "multilabel-indicator is not supported"
    assert MESSAGE.search("``ValueError: Unrecognized data type: x=...``")["text"] == "Unrecognized data type: x="
    assert MESSAGE.search("Is a score of 0.8 really 80 %?") is None
    assert run(">>> 1 + 1\n3\n", {}, "page") != ""
    assert run(">>> int('a')\nTraceback (most recent call last):\nValueError: other\n", {}, "page") != ""


def test_answers_are_short_and_fit_the_page(question):
    lines = [line[4:] for line in question.code.splitlines() if line[:4] in (">>> ", "... ")]
    assert len(lines) <= MOST_LINES
    assert [line for line in lines if len(line) > LONGEST_LINE] == []
    answer = question.prose.partition("**Shown in**")[0]
    assert 8 < len(answer.split()) <= MOST_WORDS


def slugs(path: Path) -> set[str]:
    """Return the places of a page that a link can name: its headings, as MyST writes them, its anchors, its terms."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    headings = re.findall(r"(?m)^#{1,3} (.+)$", text)
    made = {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r"(?m)^\((\S+)\)=$", text))


@cache
def places(name: str) -> set[str] | None:
    return slugs(ROOT / name) if (ROOT / name).is_file() else None


def test_every_link_lands(question):
    for target in question.targets:
        name, _, anchor = target.partition("#")
        found = places(name or question.page)
        assert found is not None, target
        assert not anchor or anchor in found, target


def test_every_answer_leads_into_the_book(question):
    shown = question.prose.partition("**Shown in**")[2]
    assert [target for target in question.targets if target in shown and target.startswith(("chapters/", "api"))]


def test_codes_are_those_of_the_audit_and_named_as_traps(question):
    named = re.findall(r"\[(ML\d+)\]\(traps\.md#(\w+)\)", question.prose)
    assert all(code in RULES and code.lower() == anchor for code, anchor in named)


def test_questions_are_many_each_with_an_anchor_of_its_own():
    assert len(QUESTIONS) == len(SHOWN) >= 60
    assert len({question.title for question in QUESTIONS}) == len(QUESTIONS)
    assert sum(page.count("\n### ") for page in PAGES.values()) == len(QUESTIONS)


def test_the_contents_list_every_question_in_order():
    listed = re.findall(r"(?m)^- \[(.+)\]\((questions_\w+\.md)#(q-\S+)\)$", CONTENTS)
    pages = list(dict.fromkeys(page for _, page, _ in listed))
    assert sorted(pages) == list(PAGES)
    assert listed == [(q.title, q.page, q.anchor) for page in pages for q in QUESTIONS if q.page == page]
    groups = re.findall(r"(?m)^## (.+)$", CONTENTS)
    assert groups == list(dict.fromkeys(q.group for page in pages for q in QUESTIONS if q.page == page))


def table_of_contents() -> list[str]:
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    return [entry["file"] for part in parts for entry in part["chapters"]]


def test_every_page_of_questions_is_in_the_table_of_contents():
    assert {f"{name}.md" for name in table_of_contents() if name.startswith("questions_")} == set(PAGES)
    assert "questions" in table_of_contents()


@pytest.mark.parametrize("chapter", [name for name in table_of_contents() if name.startswith("chapters/")])
def test_every_chapter_is_reached_by_two_questions(chapter):
    reached = [q.anchor for q in QUESTIONS if any(t.partition("#")[0] == f"{chapter}.ipynb" for t in q.targets)]
    assert len(reached) >= 2
