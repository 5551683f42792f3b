"""The commands behind the Makefile: what is executed again, what is stored, what a failure leaves."""

from __future__ import annotations

import importlib.util
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent


def load(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Return tools/book.py at work on a project of one chapter in a scratch folder."""
    module = load("book")
    for name in ("ROOT", "BUILD", "EXECUTED", "SOURCE", "HTML", "INPUTS"):
        monkeypatch.setattr(module, name, tmp_path / getattr(module, name).relative_to(ROOT))
    (tmp_path / "mlhelpers").mkdir()
    (tmp_path / "mlhelpers" / "__init__.py").write_text("VALUE = 1\n")
    (tmp_path / "requirements.lock").write_text("")
    chapter(tmp_path, "print(6 * 7)")
    return module


def chapter(folder, *sources, prose="# Title"):
    cells = [nbformat.v4.new_markdown_cell(prose), *map(nbformat.v4.new_code_cell, sources)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    path = folder / "chapters" / "00_one.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    return path


def counted(book, monkeypatch):
    """Count the executions that follow, without starting a kernel."""
    names = []
    monkeypatch.setattr(book, "execute", lambda name, notebook: names.append(name) or {"seconds": 0, "peak_mib": 0})
    return names


def test_a_chapter_is_executed_and_its_outputs_are_kept(book, tmp_path, capsys):
    path = tmp_path / "chapters" / "00_one.ipynb"
    notebook, record = book.executed(path, book.environment_digest())
    assert notebook.cells[1].outputs[0].text == "42\n"
    assert record["seconds"] > 0
    assert "00_one" in capsys.readouterr().out
    again, _ = book.executed(path, book.environment_digest())
    assert again.cells[1].outputs == notebook.cells[1].outputs
    assert capsys.readouterr().out == ""


def test_only_what_changes_the_outputs_executes_a_chapter_again(book, tmp_path, monkeypatch):
    names = counted(book, monkeypatch)
    path = tmp_path / "chapters" / "00_one.ipynb"

    def executions():
        names.clear()
        book.executed(path, book.environment_digest())
        return len(names)

    assert (executions(), executions()) == (1, 0)
    chapter(tmp_path, "print(6 * 7)", prose="# Another title")
    assert executions() == 0
    chapter(tmp_path, "print(6 * 8)")
    assert (executions(), executions()) == (1, 0)
    (tmp_path / "mlhelpers" / "__init__.py").write_text("VALUE = 2\n")
    assert (executions(), executions()) == (1, 0)
    for name in ("other.py", "exercises.json"):
        (tmp_path / "mlhelpers" / name).write_text("")
        assert executions() == 1
        (tmp_path / "mlhelpers" / name).unlink()
        assert executions() == 1
    (tmp_path / "requirements.lock").write_text("numpy==2\n")
    assert executions() == 1


def test_a_broken_record_is_executed_again(book, tmp_path, monkeypatch):
    names = counted(book, monkeypatch)
    path = tmp_path / "chapters" / "00_one.ipynb"
    book.executed(path, "environment")
    (book.EXECUTED / "00_one.json").write_text('{"key": ')
    book.executed(path, "environment")
    assert names == ["00_one", "00_one"]


def test_a_failing_chapter_names_chapter_cell_and_traceback_and_leaves_the_last_book(book, tmp_path):
    book.HTML.mkdir(parents=True)
    (book.HTML / "index.html").write_text("the last good book")
    chapter(tmp_path, "x = 1", "1 / 0")
    with pytest.raises(SystemExit) as failure:
        book.build()
    message = str(failure.value.code)
    assert "chapters/00_one.ipynb, cell 3 of 3" in message
    assert "ZeroDivisionError" in message
    assert (book.HTML / "index.html").read_text() == "the last good book"
    assert not (book.EXECUTED / "00_one.json").exists()


def test_a_kernel_that_dies_names_chapter_and_cell(book, tmp_path):
    chapter(tmp_path, "import os", "os._exit(1)")
    with pytest.raises(
        SystemExit, match=r"chapters/00_one\.ipynb, cell 3 of 3 failed[\s\S]*Kernel died[\s\S]*00_one\.log"
    ):
        book.build()


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_an_interrupt_is_told_and_leaves_nothing_half_made(book, tmp_path):
    chapter(tmp_path, "import time", "time.sleep(60)")
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "publication.py", tmp_path / "tools")
    script = shutil.copy(ROOT / "tools" / "book.py", tmp_path / "tools")
    command = [sys.executable, script, "build"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert "executing" in process.stdout.readline()
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert "interrupted; the last book and the stored outputs stay" in told
    assert process.returncode == 1
    assert not (tmp_path / "_build" / "executed").exists()


def test_pages_with_a_warning_fail_and_leave_the_last_book(book, tmp_path, monkeypatch):
    monkeypatch.setattr(book, "chapters", list)
    book.HTML.mkdir(parents=True)
    (book.HTML / "index.html").write_text("the last good book")
    (tmp_path / "_config.yml").write_text('title: A book\nexecute: {execute_notebooks: "off"}\n')
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: intro\n")
    (tmp_path / "intro.md").write_text("# Title\n\n[nowhere](nowhere.md)\n")
    for _ in range(2):
        with pytest.raises(SystemExit, match="the last book stays"):
            book.build()
    assert (book.HTML / "index.html").read_text() == "the last good book"
    (tmp_path / "intro.md").write_text("# Title\n")
    book.build()
    assert "Title" in (book.HTML / "intro.html").read_text()


def test_running_twice_stores_the_same_bytes(book, tmp_path):
    source = "import sys\nfor i in range(3):\n    print(i, flush=True)\nsys.stdout.flush()\nprint(3)\n4"
    path = chapter(tmp_path, source, "import time\ntime.time() > 0")
    book.run([])
    first = path.read_bytes()
    book.run(["00"])
    assert path.read_bytes() == first
    stored = json.loads(first)
    assert [cell["execution_count"] for cell in stored["cells"] if cell["cell_type"] == "code"] == [1, 2]
    assert stored["metadata"]["language_info"] == {"name": "python"}
    assert all(set(cell["metadata"]) == set() for cell in stored["cells"])


def test_pieces_of_a_stream_are_joined_and_others_kept_apart():
    pieces = [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]
    outputs = [nbformat.v4.new_output("stream", name=name, text=text) for name, text in pieces]
    outputs.append(nbformat.v4.new_output("display_data", data={"text/plain": "e"}))
    joined = load("book").joined_streams(outputs)
    assert [output.get("text") for output in joined] == ["ab", "c", "d", None]


def test_running_stores_hints_and_solutions(book, tmp_path, monkeypatch):
    hint = "<details><summary>Hint</summary>\nAdd <code>1</code>.\n</details>"
    path = chapter(tmp_path, "print(2)", prose=f"# Title\n\n## Exercises\n\n**1.** More?\n\n{hint}")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata["mystnb"] = {"code_prompt_show": "Show solution 1"}
    nbformat.write(notebook, path)
    counted(book, monkeypatch)
    book.run([])
    stored = json.loads((tmp_path / "mlhelpers" / "exercises.json").read_text())
    assert stored == {"00.1": {"hint": "Add `1`.", "solution": "print(2)"}}
    names = counted(book, monkeypatch)
    book.executed(path, book.environment_digest())
    assert names == []


def test_only_notebooks_with_a_number_are_chapters(book, tmp_path):
    shutil.copy(tmp_path / "chapters" / "00_one.ipynb", tmp_path / "chapters" / "Untitled.ipynb")
    assert [path.name for path in book.chapters()] == ["00_one.ipynb"]


def test_a_second_build_in_the_same_folder_stops_at_once(book):
    for _ in range(2):
        with book.alone(), pytest.raises(SystemExit, match="another build is running in this folder"), book.alone():
            pass


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGKILL")
def test_a_killed_build_leaves_no_lock(book, tmp_path):
    script = f"import sys, time; sys.path.insert(0, {str(ROOT / 'tools')!r}); import book\n"
    script += (
        f"book.BUILD = book.Path({str(book.BUILD)!r})\nwith book.alone(): print('locked', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(SystemExit, match="another build"), book.alone():
            pass
        process.kill()
    with book.alone():
        pass


def test_running_a_chapter_that_does_not_exist_says_which_there_are(book):
    with pytest.raises(SystemExit, match="no chapter begins with 99; there are 00_one"):
        book.run(["99"])


@pytest.mark.parametrize(
    ("version", "problem"), [((3, 10, 1), "too old"), ((3, 14, 0), "too new"), ((2, 7, 18), "too old")]
)
def test_a_python_out_of_range_is_one_clear_line(monkeypatch, version, problem):
    environment = load("environment")
    monkeypatch.setattr(environment.sys, "version_info", version)
    with pytest.raises(SystemExit) as failure:
        environment.check_python()
    message = str(failure.value.code)
    assert problem in message
    assert "3.11 to 3.13" in message
    assert "PYTHON=" in message
    assert "\n" not in message


def test_a_failed_step_is_one_clear_line(capfd):
    environment = load("environment")
    with pytest.raises(SystemExit) as failure:
        environment.step(
            [sys.executable, "-c", "import sys; print('noise'); sys.exit('ERROR: unreachable')"], "no network?"
        )
    assert failure.value.code == "error: no network? (ERROR: unreachable)"
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-jax.lock"])
def test_the_lock_has_hashes_and_no_address(name):
    lock = (ROOT / name).read_text()
    pinned = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pinned) > 50
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert "--hash=sha256:" in lock
    assert "://" not in lock
    assert "index-url" not in lock


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")
def test_help_lists_every_target():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in (
        "book",
        "publish",
        "test",
        "test-jax",
        "test-colab",
        "run",
        "bench",
        "lint",
        "lock",
        "clean",
        "help",
        "environment",
    ):
        assert f"make {target} " in done.stdout
