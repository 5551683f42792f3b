"""Every claim of the chapters has been tried as it stands, and never failed."""

from __future__ import annotations

from pathlib import Path

import evidence
import nbformat
import pytest

ROOT = Path(__file__).parent.parent
CHAPTERS = {path.stem: path for path in sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))}
RUNS = {"plain": 10, "one thread": 2}  # at least, and what else the processor of the sweep honoured


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_claim_has_been_tried_as_it_stands_and_never_failed(chapter):
    stored = evidence.read(chapter)
    mend = f'make sweep chapters="{chapter[:2]}"'
    assert stored is not None, f"there is no evidence for {chapter}: {mend}"
    missing = evidence.without_evidence(nbformat.read(CHAPTERS[chapter], as_version=4), chapter)
    assert not missing, f"claims without evidence: {mend}\n\n" + "\n\n".join(claim.source for claim in missing)
    assert [claim["source"] for claim in stored["claims"] if claim["held"] < claim["of"]] == []
    assert {kind: len(stored["runs"].get(kind, [])) for kind in RUNS} == RUNS


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_was_tried_with_the_same_seeds_and_three_kinds_of_arithmetic_or_more(chapter):
    runs = evidence.read(chapter)["runs"]
    others = {kind: offsets for kind, offsets in runs.items() if kind not in RUNS}
    assert runs["plain"] == evidence.read(next(iter(CHAPTERS)))["runs"]["plain"]
    assert "no AVX2" in others and len(others) >= 2
    assert {tuple(offsets) for offsets in others.values()} == {tuple(runs["one thread"])}
