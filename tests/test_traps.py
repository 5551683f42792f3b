"""The trap catalogue: its evidence is executed, its codes are those of the audit, its links lead to chapters.

A test of evidence fails on the day that a library mends the trap: then the page is to be rewritten, not the test.
"""

from __future__ import annotations

import doctest
import re
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from mlhelpers.audit import RULES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "traps.md").read_text(encoding="utf-8")
PARTS = ["Symptom", "Cause", "Evidence", "Fix", "Audit", "Taught in"]
LIBRARIES = ("keras", "tensorflow", "scikit-learn", "numpy")
TAUGHT_IN = re.compile(r"\*\*Taught in\.\*\* \[(?P<title>.+)\]\((?P<file>\S+)\), \*(?P<section>.+)\*\n")


class Trap(NamedTuple):
    anchor: str
    title: str
    text: str

    @property
    def evidence(self) -> str:
        (block,) = re.findall(r"(?s)```python\n(.*?)```", self.text)
        return block


def traps_of(page):
    return [Trap(*found) for found in re.findall(r"(?ms)^\((\S+)\)=\n### (.+?)\n(.*?)(?=^\(\S+\)=\n|^## |\Z)", page)]


TRAPS = traps_of(PAGE)


@pytest.fixture(params=TRAPS, ids=lambda trap: trap.anchor)
def trap(request):
    return request.param


def check_evidence(trap):
    """Run the block as if it were pasted into an empty interpreter, and fail with what to rewrite."""
    printed: list[str] = []
    line = PAGE.partition(trap.evidence)[0].count("\n")
    test = doctest.DocTestParser().get_doctest(trap.evidence, {}, trap.anchor, "traps.md", line)
    assert test.examples, f"the evidence of {trap.title!r} has no >>> line"
    if doctest.DocTestRunner(verbose=False).run(test, out=printed.append).failed:
        chapter = TAUGHT_IN.search(trap.text)
        pages = f"the section in traps.md and {chapter['file']}" if chapter else "the section in traps.md"
        versions = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
        pytest.fail(
            f"{versions}: the trap {trap.title!r} no longer behaves as the book says; rewrite {pages}\n"
            + "".join(printed),
            pytrace=False,
        )


def test_evidence(trap):
    check_evidence(trap)


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (">>> 1 + 1\n3\n", "Expected:\n    3\nGot:\n    2"),
        (">>> import warnings\n>>> warnings.warn('mended')\n", "UserWarning: mended"),
        (">>> keras.backend.backend()\n'tensorflow'\n", "name 'keras' is not defined"),
    ],
)
def test_evidence_that_no_longer_holds_says_what_to_rewrite(evidence, reason):
    text = f"```python\n{evidence}```\n\n**Taught in.** [A chapter](chapters/00_label_matrix.ipynb), *A section*\n"
    with pytest.raises(pytest.fail.Exception) as failure:
        check_evidence(Trap("trap-sums", "A sum", text))
    message = str(failure.value)
    assert message.startswith(f"keras {version('keras')}, ")
    assert "the trap 'A sum' no longer behaves as the book says; rewrite the section in traps.md and chap" in message
    assert reason in message


def test_parts_are_in_order(trap):
    parts = re.findall(r"(?m)^\*\*(.+?)\.\*\* \S", trap.text)
    assert parts in (PARTS, PARTS[:-1])


def test_evidence_is_short_and_fits_the_page(trap):
    lines = trap.evidence.splitlines()
    assert len(lines) <= 14
    assert [line for line in lines if len(line) > 80] == []


def test_every_rule_of_the_audit_has_its_section():
    coded = [trap for trap in TRAPS if re.match(r"ML\d", trap.title)]
    assert [trap.title for trap in coded] == [f"{code}: {title}" for code, title in RULES.items()]
    assert [trap.anchor for trap in coded] == [code.lower() for code in RULES]


def test_audit_part_names_the_code_or_says_that_there_is_none(trap):
    audit = re.search(r"(?m)^\*\*Audit\.\*\* (.+)", trap.text)[1]
    code = trap.title.partition(":")[0]
    assert audit == f"`{code}`" if code in RULES else audit.startswith("Not visible to the audit")


def test_table_lists_every_trap_in_order():
    rows = re.findall(r"(?m)^\| (?:\[(ML\d+)\]\(#(\S+)\) \| (.+)|– \| \[(.+)\]\(#(\S+)\)) \|$", PAGE)
    listed = [(anchor or slug, f"{code}: {title}" if code else name) for code, anchor, title, name, slug in rows]
    assert listed == [(trap.anchor, trap.title) for trap in TRAPS]


def test_anchors_are_unique_and_links_within_the_page_lead_to_them():
    anchors = [trap.anchor for trap in TRAPS]
    assert len(set(anchors)) == len(anchors) == PAGE.count("\n### ")
    assert set(re.findall(r"\]\(#(\S+?)\)", PAGE)) <= set(anchors)


def test_chapter_that_teaches_it_has_that_section(trap):
    if "**Taught in.**" not in trap.text:
        return
    taught = TAUGHT_IN.search(trap.text)
    notebook = nbformat.read(ROOT / taught["file"], as_version=4)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = re.findall(r"(?m)^#+ (.+)", prose)
    assert headings[0] == taught["title"]
    assert taught["section"] in headings
