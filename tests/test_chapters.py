"""The chapters' sources: short cells, portable prose, outputs without traces of a machine."""

from __future__ import annotations

import re
import statistics
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import book
import fingerprint
import nbformat
import pytest

from mlhelpers import exercises as answers
from mlhelpers.exercises._register import JUDGES

ROOT = Path(__file__).parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))
MYST = re.compile(r"(?m)^\s*(?:```+\{|:::+\s*\{)|\{[a-z][a-z:_-]*\}`")
MACHINE = re.compile(r"(?:^|[\s'\"(])/(?:[\w.-]+/){2,}|[A-Z]:\\\\|site-packages| at 0x[0-9a-f]{6,}")


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def printed(output):
    data = output.get("data", {})
    return output.get("text", "") + data.get("text/plain", "") + data.get("text/html", "")


def test_there_are_chapters_and_the_table_of_contents_has_them_all():
    toc = (ROOT / "_toc.yml").read_text()
    assert CHAPTERS
    assert [path.stem for path in CHAPTERS if f"chapters/{path.stem}\n" not in toc] == []


def test_cells_are_short(notebook):
    lengths = [len([line for line in cell.source.splitlines() if line.strip()]) for cell in code_cells(notebook)]
    assert statistics.median(lengths) <= 6
    assert max(lengths) <= 20


def test_no_semicolon_hides_an_output(notebook):
    """IPython hides it, and nbval, which doesn't, compares it with nothing."""
    assert [cell.source for cell in code_cells(notebook) if cell.source.rstrip().endswith(";")] == []


def test_prose_is_portable_markdown(notebook):
    assert [found[0] for found in MYST.finditer(prose(notebook))] == []


@pytest.mark.parametrize("myst", ["{term}`logit`", "```{note}\nA note.\n```", ":::{note}\nA note.\n:::"])
def test_the_search_for_myst_finds_it(myst):
    assert MYST.search(f"Some text.\n\n{myst}")


def test_headings_are_in_order(notebook):
    text = prose(notebook)
    levels = [len(found[1]) for found in re.finditer(r"(?m)^(#+) ", text)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_anatomy(notebook):
    text = prose(notebook)
    parts = ["**You will**", "**You need**", "**Runs in**", "## Take away", "## Exercises", "## Go deeper"]
    positions = [text.find(part) for part in parts]
    assert -1 not in positions
    assert positions == sorted(positions)


def exercises(notebook):
    """Return the number and the text of every exercise."""
    parts = re.split(r"(?m)^\*\*(\d+)\.\*\* ", prose(notebook).partition("## Exercises")[2])
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def solutions(notebook):
    """Return the solution of every exercise, and the cell before it."""
    return {
        cell.metadata.mystnb.code_prompt_show.removeprefix("Show solution "): (before, cell)
        for before, cell in pairwise(notebook.cells)
        if cell.metadata.get("mystnb", {}).get("code_prompt_show", "").startswith("Show solution")
    }


def test_every_exercise_has_a_hint_and_a_solution(notebook):
    assert 3 <= len(exercises(notebook)) <= 5
    assert list(solutions(notebook)) == list(exercises(notebook))
    assert [number for number, text in exercises(notebook).items() if "<summary>Hint</summary>" not in text] == []


def test_every_exercise_checks_answers_and_its_own_solution(notebook):
    found = re.findall(r'exercises\.check\("(.*?)", answer\)', "\n".join(cell.source for cell in code_cells(notebook)))
    answers.check(found[0], ...)  # loads the judges of the chapter
    assert found == [name for name in JUDGES if name.startswith(found[0][:3])]
    for name, (before, solution) in zip(found, solutions(notebook).values(), strict=True):
        assert re.search(rf'^answer = \.\.\.  # .+\nexercises\.check\("{name}", answer\)$', before.source, re.MULTILINE)
        assert before.metadata.get("tags", []) == []
        assert re.search(rf'assert .*exercises\.check\("{name}", ', solution.source)


def test_what_folds_away_does_so_in_every_front_end(notebook):
    """In the book by its tag, in Jupyter and in Colab by metadata; solutions with their outputs."""
    for cell in code_cells(notebook):
        folded = "hide-cell" in cell.metadata.get("tags", [])
        assert cell.metadata.get("jupyter", {}).get("source_hidden", False) == folded
    for _, cell in solutions(notebook).values():
        assert "hide-cell" in cell.metadata.tags
        assert cell.metadata.jupyter == {"source_hidden": True, "outputs_hidden": True}
        assert cell.metadata.get("cellView") == "form"


def test_stored_outputs_fit(notebook):
    """Else: make run chapters=NN."""
    assert fingerprint.differences(notebook, ROOT) == []


def test_one_number_says_how_long_a_chapter_runs(notebook):
    assert f"**Runs in** {book.about(notebook.metadata.run)}." in prose(notebook)


def test_ran_once_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_outputs_hold_no_error_no_stderr_and_no_trace_of_a_machine(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []
    assert [found[0] for output in outputs for found in MACHINE.finditer(printed(output))] == []


def test_every_figure_has_alt_text(notebook):
    figures = [cell for cell in code_cells(notebook) if any("image/png" in o.get("data", {}) for o in cell.outputs)]
    texts = [cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "") for cell in figures]
    assert figures
    assert [len(text) > 60 for text in texts] == [True] * len(figures)


def test_cited_papers_are_in_the_bibliography(notebook):
    bibliography = (ROOT / "references.bib").read_text()
    cited = re.findall(r"https://doi\.org/([^)\s]+)", "\n".join(cell.source for cell in notebook.cells))
    assert cited
    assert [doi for doi in map(unquote, cited) if f"{{{doi}}}" not in bibliography] == []


def test_every_reference_has_an_address():
    entries = (ROOT / "references.bib").read_text().split("\n@")
    assert [entry.split(",")[0] for entry in entries if not re.search(r"(?m)^\s*(?:doi|url)\s*= \{\S+\}", entry)] == []
