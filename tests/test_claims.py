"""What `make sweep` does with asserts and seeds, and what it keeps and tells of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import claims
import evidence
import nbformat
import pytest
import sweep
from IPython.core.interactiveshell import InteractiveShell

ROOT = Path(__file__).parent.parent


@pytest.fixture
def tried():
    """Return a function that executes cells with seeds moved by 100, and returns what became of their asserts."""

    def execute(*cells):
        shell = InteractiveShell()
        claims.install(shell, 100)
        results = [shell.run_cell(cell, store_history=False) for cell in cells]
        assert [result.error_in_exec for result in results] == [None] * len(cells)
        return json.loads(shell.user_ns[claims.NAME].report()), shell.user_ns

    return execute


def test_asserts_are_counted_and_do_not_stop_a_notebook(tried):
    report, names = tried("a = 1", "assert a == 1\nassert a > 2 and a < 3\nb = 2", "assert all([a, b])")
    assert names["b"] == 2
    assert {cell: found["held"] for cell, found in report.items()} == {"1": False, "2": True}
    assert report["1"]["failed"] == ["a > 2 and a < 3  (last numbers: 1, 1, 1, 2)"]


def test_the_numbers_that_asserts_compare_are_kept(tried):
    report, _ = tried(
        "import numpy as np\nx = np.float32(1) / 3\nassert 0 < x < 0.5 and np.array(2) == 2 and 'a' in 'ab'"
    )
    assert report["0"] == {"held": True, "failed": [], "numbers": [0, 0.333333, 0.5, 2, 2]}


def test_what_is_compared_need_not_be_a_number(tried):
    report, _ = tried("import numpy as np\nassert np.dtype('f4') == np.float32 and np.str_('a') == 'a' and 2 > 1")
    assert report["0"] == {"held": True, "failed": [], "numbers": [2, 1]}


def test_asserts_in_functions_and_loops_count_where_they_run(tried):
    report, _ = tried("def f(x):\n    assert x > 0, 'told'", "f(1)", "for x in (1, -1, 1):\n    f(x)")
    assert {cell: found["held"] for cell, found in report.items()} == {"1": True, "2": False}


def test_an_assert_that_raises_something_else_still_raises():
    shell = InteractiveShell()
    claims.install(shell, 0)
    assert isinstance(shell.run_cell("assert 1 / 0").error_in_exec, ZeroDivisionError)


def test_seeds_are_moved_and_nothing_else(tried):
    source = """
class keras:
    class utils:
        set_random_seed = staticmethod(lambda seed: seeds.append(seed))
seeds, set_random_seed = [], keras.utils.set_random_seed
keras.utils.set_random_seed(0), set_random_seed(seeds[0] + 1), seeds.append(7)
"""
    assert tried(source)[1]["seeds"] == [100, 201, 7]


def notebook(*cells):
    made = {"# ": nbformat.v4.new_markdown_cell, "": nbformat.v4.new_code_cell}
    return nbformat.v4.new_notebook(cells=[made["# " if cell.startswith("# ") else ""](cell) for cell in cells])


def test_a_claim_is_keyed_by_its_source_and_the_lesson_before_it():
    def keys(*cells, folded=()):
        made = notebook(*cells)
        for position in folded:
            made.cells[position].metadata["tags"] = ["hide-cell"]
        return [claim.key for claim in evidence.claims(made)]

    claim, other = keys("# A", "train(1)", "assert x > 1", "assert y > 1", folded=[2])
    assert keys("# B", "train(1)", "assert x > 1", "", "assert y > 1", folded=[2]) == [claim, other]
    assert keys("# A", "train(1)", "assert x > 2", "assert y > 1", folded=[2])[1] == other
    assert keys("# A", "train(1)", "assert x > 2", "assert y > 1")[1] != other
    assert set(keys("# A", "train(2)", "assert x > 1", "assert y > 1", folded=[2])).isdisjoint([claim, other])


def test_claims_know_their_heading_and_their_place():
    found = list(
        evidence.claims(notebook("# A\n\n## B", "%matplotlib inline\nx = 1", "", "assert x", "# C", "assert x > 0"))
    )
    assert [(claim.heading, claim.position, claim.source) for claim in found] == [
        ("B", 1, "assert x"),
        ("C", 2, "assert x > 0"),
    ]


def record(held=True, numbers=(1.0,), errors=()):
    failed = [] if held else ["x > 1"]
    return {"claims": {"0": {"held": held, "failed": failed, "numbers": list(numbers)}}, "errors": dict(errors)}


def test_evidence_counts_runs_and_says_which_failed_and_what_moved():
    records = {
        ("plain", 100): record(),
        ("plain", 200): record(held=False),
        ("plain", 300): record(errors={"0": "ValueError: no"}),
        ("plain", 400): {"claims": {}, "errors": {}},
        ("one thread", 100): record(numbers=[1.0]),
        ("no AVX2", 100): record(numbers=[0.75]),
    }
    result = evidence.collected(notebook("assert x > 1"), records)
    (claim,) = result["claims"]
    assert result["runs"] == {"plain": [100, 200, 300, 400], "one thread": [100], "no AVX2": [100]}
    assert (claim["held"], claim["of"]) == (3, 6)
    assert claim["failed"] == {"plain 200": ["x > 1"], "plain 300": ["ValueError: no"], "plain 400": ["not reached"]}
    assert claim["moved"] == {"no AVX2": 0.25}


def test_the_page_tells_of_every_claim(tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "FOLDER", tmp_path)
    assert evidence.as_markdown({"00_one": "One"}) == "No sweep has been made yet.\n"
    records = {("plain", 100): record(), ("one thread", 100): record(numbers=[2.0]), ("no AVX2", 100): record()}
    result = evidence.collected(notebook("# A `b` <c>", "assert x > 1"), records)
    (tmp_path / "00_one.json").write_text(json.dumps(result))
    page = evidence.as_markdown({"00_one": "One", "01_two": "Two"})
    assert "| [One](chapters/00_one.ipynb) | 1 | 3 | 1 |" in page
    assert "| One | one thread: 1, up to 0.5; no AVX2: none |" in page
    plain = evidence.collected(notebook("# A", "assert x > 1"), {("plain", 100): record()})
    (tmp_path / "01_two.json").write_text(json.dumps(plain))
    assert "| Two | not tried |" in evidence.as_markdown({"00_one": "One", "01_two": "Two"})
    assert "<summary>A b &lt;c>: 1 claim, held in 3 of 3 runs</summary>" in page
    assert "```python\nassert x > 1\n```" in page


def test_a_run_is_of_the_chapter_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.setattr(sweep, "RUNS", tmp_path)
    run = sweep.Run("00_one", "one thread", 100)
    assert sweep.stored(run, "key") is None
    run.path.parent.mkdir()
    run.path.write_text('{"key": "key"}')
    assert sweep.stored(run, "key") == {"key": "key"}
    assert sweep.stored(run, "another") is None
    run.path.write_text('{"key": ')
    assert sweep.stored(run, "key") is None


def test_a_chapter_that_changes_during_its_sweep_gets_no_evidence(tmp_path, monkeypatch):
    path = tmp_path / "chapters" / "00_one.ipynb"
    path.parent.mkdir()
    nbformat.write(notebook("# A", "assert 1 == 1"), path)
    monkeypatch.setattr(sweep.book, "ROOT", tmp_path)
    monkeypatch.setattr(sweep.book, "chosen", lambda names: [path])
    monkeypatch.setattr(evidence, "FOLDER", tmp_path)
    monkeypatch.setattr(sweep, "honoured", lambda: ["plain"])
    monkeypatch.setattr(sweep, "RUNS", tmp_path)
    monkeypatch.setattr(sweep, "execute_all", lambda runs: None)  # none of the runs is of the chapter as it stands
    with pytest.raises(SystemExit, match="changed during the sweep: 00_one; the same command"):
        sweep.sweep([])
    assert list(tmp_path.glob("*.json")) == []


def test_an_instrumented_chapter_moves_seeds_and_reports(tmp_path):
    """In a kernel, as `make sweep` executes it."""
    path = tmp_path / "chapters" / "00_one.ipynb"
    path.parent.mkdir()
    nbformat.write(notebook("# A", "x = 1", "", "assert x == 2", "1 / 0", "assert x == 1"), path)
    script = f"""
import subprocess
import sys
from pathlib import Path
sys.path.insert(0, {str(ROOT / "tools")!r})
import sweep
sweep.book.ROOT, sweep.RUNS = Path({str(tmp_path)!r}), Path({str(tmp_path / "runs")!r})
print(sweep.execute(sweep.Run("00_one", "plain", 100)).path.read_text())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert {cell: found["held"] for cell, found in result["claims"].items()} == {"1": False, "3": True}
    assert result["errors"] == {"2": "ZeroDivisionError: division by zero"}
