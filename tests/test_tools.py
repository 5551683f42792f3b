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
    for name in ("ROOT", "BUILD", "SOURCE", "HTML", "INPUTS"):
        monkeypatch.setattr(module, name, tmp_path / getattr(module, name).relative_to(ROOT))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # so that kernels import the package made here
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
    monkeypatch.setattr(book, "execute", lambda name, notebook: names.append(name))
    return names


def differences(book, path):
    return book.fingerprint.differences(nbformat.read(path, as_version=4), book.ROOT)


def edit(path, change):
    """Change a stored notebook, as an editor does that keeps what it doesn't know."""
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def test_a_chapter_whose_outputs_were_never_stored_is_executed(book, tmp_path, capsys):
    path = tmp_path / "chapters" / "00_one.ipynb"
    before = path.read_bytes()
    notebook = book.with_fitting_outputs(path, stored=False)
    assert notebook.cells[1].outputs[0].text == "42\n"
    assert len(notebook.cells) == 2
    assert "00_one  to be executed, since it holds no fingerprint" in capsys.readouterr().out
    assert path.read_bytes() == before  # a reader's clone stays as it is


def test_stored_outputs_are_taken_while_they_fit(book, tmp_path, monkeypatch, capsys):
    path = chapter(tmp_path, "import mlhelpers", "print(6 * 7)")
    book.run([])
    names = counted(book, monkeypatch)
    capsys.readouterr()
    assert book.with_fitting_outputs(path, stored=False).cells[2].outputs[0].text == "42\n"
    edit(path, lambda notebook: notebook.cells[0].update(source="# Another title"))
    assert book.with_fitting_outputs(path, stored=False).cells[0].source == "# Another title"
    assert (names, capsys.readouterr().out) == ([], "")
    edit(path, lambda notebook: notebook.cells[2].update(source="print(6 * 8)"))
    book.with_fitting_outputs(path, stored=True)
    assert "taking the stored outputs, although cell 3 has changed" in capsys.readouterr().out
    assert names == []
    book.with_fitting_outputs(path, stored=False)
    assert "to be executed, since cell 3 has changed" in capsys.readouterr().out
    assert names == ["00_one"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda notebook: notebook.cells[2].update(source="a = 2"), "cell 3 has changed"),
        (lambda notebook: notebook.cells[2].metadata.update(tags=["hide-cell"]), "cell 3 has changed"),
        (lambda notebook: notebook.cells.append(nbformat.v4.new_code_cell("b = 1")), "3 code cells in place of 2"),
    ],
)
def test_cells_and_tags_are_part_of_the_fingerprint(book, tmp_path, change, told):
    path = chapter(tmp_path, "import mlhelpers", "a = 1")
    book.run([])
    assert differences(book, path) == []
    edit(path, change)
    assert differences(book, path) == [told]


def test_the_fingerprint_survives_an_editor(book, tmp_path):
    path = chapter(tmp_path, "import mlhelpers", "a = 1")
    book.run([])

    def opened_and_saved(notebook):
        notebook.metadata.kernelspec = {"name": "mine", "display_name": "Mine", "language": "python"}
        notebook.metadata.language_info = {"name": "python", "version": "3.13.1"}
        notebook.metadata["widgets"] = {}
        notebook.cells[1].metadata["collapsed"] = False
        notebook.cells[1].execution_count = 7
        notebook.cells[1].outputs = []
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell("A remark."))

    edit(path, opened_and_saved)
    assert differences(book, path) == []


def test_only_modules_that_the_chapter_loads_are_part_of_the_fingerprint(book, tmp_path):
    package = tmp_path / "mlhelpers"
    for name, source in {"a": "import mlhelpers.b\n", "b": "", "c": "", "d": "", "folder/__init__": ""}.items():
        (package / name).parent.mkdir(exist_ok=True)
        (package / f"{name}.py").write_text(source)
    late = "def late():\n    import mlhelpers.d\n\n\nlate()"
    path = chapter(tmp_path, "import mlhelpers.a", "import mlhelpers.folder", late)
    book.run([])
    stored = nbformat.read(path, as_version=4).metadata.fingerprint
    loaded = ["mlhelpers", "mlhelpers.a", "mlhelpers.b", "mlhelpers.d", "mlhelpers.folder"]
    assert list(stored.modules) == loaded
    (package / "c.py").write_text("# a comment")
    (package / "texts.json").write_text("{}")
    assert differences(book, path) == []
    (package / "b.py").write_text("# a comment")
    (package / "d.py").unlink()
    assert differences(book, path) == ["mlhelpers.b has changed", "mlhelpers.d is gone"]


def test_newlines_of_another_system_change_no_fingerprint(book, tmp_path):
    path = chapter(tmp_path, "import mlhelpers", "a = 1")
    book.run([])
    (tmp_path / "mlhelpers" / "__init__.py").write_bytes(b"VALUE = 1\r\n")
    assert differences(book, path) == []


def test_versions_of_imported_packages_are_part_of_the_fingerprint(book, tmp_path, monkeypatch):
    (tmp_path / "mlhelpers" / "__init__.py").write_text("import sklearn.metrics\n")
    path = chapter(tmp_path, "%matplotlib inline\nimport mlhelpers, json", "from scipy import sparse")
    book.run([])
    stored = nbformat.read(path, as_version=4).metadata.fingerprint
    assert list(stored.versions) == ["scikit-learn", "scipy"]
    there = book.fingerprint.installed
    changed = {"scipy": "9.9", "scikit-learn": None}
    monkeypatch.setattr(book.fingerprint, "installed", lambda name: changed.get(name, there(name)))
    was = stored.versions.scipy
    assert differences(book, path) == ["scikit-learn is not installed", f"scipy {was} became 9.9"]


def test_outputs_that_do_not_fit_are_named_with_the_command_that_mends_it(book, tmp_path):
    path = chapter(tmp_path, "import mlhelpers", "a = 1")
    with pytest.raises(SystemExit, match=r"00_one: it holds no fingerprint\n.*make run chapters=\"00\""):
        book.check()
    book.run([])
    book.check()
    edit(path, lambda notebook: notebook.cells[1].update(source="import mlhelpers as m"))
    with pytest.raises(SystemExit, match=r"00_one: cell 2 has changed\n.*make run chapters=\"00\""):
        book.check()


def test_many_reasons_are_shortened():
    assert load("book").shortened(["a", "b", "c", "d", "e"]) == "a, b, c, and 2 more"


def test_a_failing_chapter_names_chapter_cell_and_traceback_and_leaves_the_last_book(book, tmp_path):
    book.HTML.mkdir(parents=True)
    (book.HTML / "index.html").write_text("the last good book")
    chapter(tmp_path, "x = 1", "1 / 0")
    with pytest.raises(SystemExit) as failure:
        book.build()
    message = str(failure.value.code)
    assert "chapters/00_one.ipynb, cell 3 of 3" in message
    assert "ZeroDivisionError" in message
    assert "make book outputs=stored" in message
    assert (book.HTML / "index.html").read_text() == "the last good book"


def test_a_chapter_that_fails_when_it_is_run_keeps_its_stored_outputs(book, tmp_path):
    path = chapter(tmp_path, "x = 1", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(SystemExit, match=r"cell 3 of 3[\s\S]*ZeroDivisionError[\s\S]*stored outputs stay as they were"):
        book.run([])
    assert path.read_bytes() == before


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
    for name in ("publication", "fingerprint", "evidence", "book"):
        script = shutil.copy(ROOT / "tools" / f"{name}.py", tmp_path / "tools")
    command = [sys.executable, script, "build"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert "to be executed" in process.stdout.readline()
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert "interrupted; the last book and the stored outputs stay" in told
    assert process.returncode == 1


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


def test_running_twice_stores_the_same_bytes(book, tmp_path, monkeypatch):
    note_run, seconds = book.note_run, iter([2.0, 3.0])  # which is about the same
    monkeypatch.setattr(book, "note_run", lambda notebook, modules, *_: note_run(notebook, modules, next(seconds), 51))
    source = "import sys\nfor i in range(3):\n    print(i, flush=True)\nsys.stdout.flush()\nprint(3)\n4"
    path = chapter(tmp_path, source, "import time\ntime.time() > 0")
    book.run([])
    first = path.read_bytes()
    book.run(["00"])
    assert path.read_bytes() == first
    stored = json.loads(first)
    assert stored["metadata"]["run"]["seconds"] >= 0
    assert [cell["execution_count"] for cell in stored["cells"] if cell["cell_type"] == "code"] == [1, 2]
    assert stored["metadata"]["language_info"] == {"name": "python"}
    assert all(set(cell["metadata"]) == set() for cell in stored["cells"])


def test_pieces_of_a_stream_are_joined_and_others_kept_apart():
    pieces = [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]
    outputs = [nbformat.v4.new_output("stream", name=name, text=text) for name, text in pieces]
    outputs.append(nbformat.v4.new_output("display_data", data={"text/plain": "e"}))
    joined = load("book").joined_streams(outputs)
    assert [output.get("text") for output in joined] == ["ab", "c", "d", None]


def test_running_stores_hints_and_solutions(book, tmp_path):
    hint = "<details><summary>Hint</summary>\nAdd <code>1</code>.\n</details>"
    path = chapter(tmp_path, "print(2)", prose=f"# Title\n\n## Exercises\n\n**1.** More?\n\n{hint}")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata["mystnb"] = {"code_prompt_show": "Show solution 1"}
    nbformat.write(notebook, path)
    book.run([])
    stored = json.loads((tmp_path / "mlhelpers" / "exercises" / "texts.json").read_text())
    assert stored == {"00.1": {"hint": "Add `1`.", "solution": "print(2)"}}


def test_what_a_run_took_stays_while_it_is_about_the_same(book, tmp_path):
    notebook = nbformat.read(chapter(tmp_path, "a = 1"), as_version=4)
    for seconds, peak, stored in (
        (40, 900, (40, 900)),
        (52, 1000, (40, 900)),
        (70, 900, (70, 900)),
        (20, None, (20, None)),
    ):
        book.note_run(notebook, [], seconds, peak)
        assert (notebook.metadata.run["seconds"], notebook.metadata.run["peak_mib"]) == stored
    notebook.cells[1].source = "a = 2"  # another chapter, which takes what it takes
    book.note_run(notebook, [], 22, 50)
    assert (notebook.metadata.run["seconds"], notebook.metadata.run["peak_mib"]) == (22, 50)


def test_the_head_of_a_chapter_says_what_its_run_took(book, tmp_path):
    notebook = nbformat.read(chapter(tmp_path, "a = 1", prose="# A\n\n**Runs in** a moment. More."), as_version=4)
    for seconds, cores, told in ((42, 2, "about 40 seconds on two cores"), (1, 1, "about 5 seconds on one core")):
        notebook.metadata["run"] = {"seconds": seconds, "cores": cores}
        book.say_run_time(notebook)
        assert notebook.cells[0].source == f"# A\n\n**Runs in** {told}. More."


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
        "lab",
        "sweep",
        "publish",
        "course",
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
