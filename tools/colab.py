"""Run the published chapters as Colab does: on its Python, with its versions, mlhelpers installed by their first cell.

    python tools/colab.py [CHAPTER ... | changed]

Without names all of them. "changed" are those that have not passed as they stand, by tests/colab/passed.json, which
notes each chapter that passes; and the first chapter, so that the installation is always tried.

The environment, .venv-colab, comes from requirements-colab.lock, and each chapter adds to it in one of its own, two
chapters at a time; the site that the notebooks install from is served on this machine alone. A chapter fails if a cell
fails, if an output holds stderr, or if anything but mlhelpers and the packages that the chapter needs and Colab lacks
was installed or moved. A chapter whose data set is not at hand is skipped, and said to be.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import book
import environment
import fingerprint
import nbformat
import needed_data
import publish
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

VENV = book.ROOT / ".venv-colab"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = book.ROOT / "requirements-colab.lock"
PASSED = book.ROOT / "tests" / "colab" / "passed.json"
VERSION = "3.13"
UV = [sys.executable, "-m", "uv", "--quiet"]


def prepare() -> None:
    """Make .venv-colab, or leave it if its lock has not changed."""
    ready = VENV / ".ready"
    if ready.exists() and ready.read_bytes() == LOCK.read_bytes():
        return
    print(f"Installing what Colab has into {VENV.name} (Python {VERSION}) ...", flush=True)
    os.environ["PYENV_VERSION"] = VERSION  # so that pyenv's python3.13 runs whatever is chosen there
    environment.step(
        [*UV, "venv", "--clear", "--no-python-downloads", "--python", VERSION, str(VENV)],
        f"there is no Python {VERSION}, which Colab has, on this machine; install it and try again",
    )
    environment.step(
        [*UV, "pip", "sync", "--python", str(PYTHON), "--require-hashes", str(LOCK)],
        "could not install the packages: is there a network? Run the same command again",
    )
    environment.quieten_kernels(str(VENV))
    ready.write_bytes(LOCK.read_bytes())


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine alone; yield its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def add_stub(folder: Path) -> Path:
    """Write what preloads google.colab, as Colab does, in a Python that has the returned folder on its path."""
    book.write(folder / "stub" / "google" / "colab.py", "")
    book.write(folder / "stub" / "sitecustomize.py", "import google.colab\n")
    return folder / "stub"


def purelib(python: Path) -> Path:
    """Return the folder of a Python's packages."""
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    return Path(subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip())


def add_environment(folder: Path) -> Path:
    """Make an environment that sees what Colab has, and takes what is installed besides; return its Python."""
    venv = folder / "venv"
    subprocess.run([*UV, "venv", "--no-python-downloads", "--python", str(PYTHON), str(venv)], check=True)
    python = venv / PYTHON.relative_to(VENV)
    book.write(purelib(python) / "colab.pth", f"{purelib(PYTHON)}\n")
    return python


def add_kernel(folder: Path, python: Path) -> None:
    """Describe Colab's kernel where Jupyter finds it."""
    spec = {
        "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Colab",
        "language": "python",
        "env": {"PYTHONPATH": str(add_stub(folder)), "JUPYTER_PATH": "", "NO_PROXY": "127.0.0.1"},
    }
    book.write(folder / "kernels" / "colab" / "kernel.json", json.dumps(spec))
    os.environ["JUPYTER_PATH"] = str(folder)


def installed(python: Path) -> set[str]:
    freeze = [str(python), "-m", "pip", "freeze"]
    return set(subprocess.run(freeze, check=True, capture_output=True, text=True).stdout.splitlines())


def run(path: Path) -> tuple[str, float]:
    """Run a published chapter in an empty folder; return what is wrong with it, or nothing, and how long it ran."""
    start, notebook = time.monotonic(), nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as scratch:
        python, content = add_environment(Path(scratch)), Path(scratch, "content")
        content.mkdir()
        add_kernel(Path(scratch), python)
        before = installed(python)
        mistake = executed(notebook, content, book.BUILD / "logs" / f"colab-{path.stem}.log")
        changed = sorted(before ^ installed(python))
    wanted = sorted(["mlhelpers", *publish.lacking(notebook)])
    if not mistake and [re.split("[ =]", line)[0] for line in changed] != wanted:
        mistake = f"something else was installed, moved or removed than {' and '.join(wanted)}: {changed}"
    return mistake, time.monotonic() - start


def executed(notebook: book.Notebook, folder: Path, log: Path) -> str:
    """Execute a notebook; return what went wrong, or what it wrote to stderr."""
    client = NotebookClient(notebook, timeout=600, kernel_name="colab", resources={"metadata": {"path": str(folder)}})
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("w") as stderr:
            client.execute(stderr=stderr)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        said = "".join(output.get("text", "") for output in notebook.cells[0].outputs)  # by the cell that installs
        return said + book.ANSI.sub("", str(error))
    outputs = [output for cell in book.code_cells(notebook) for output in cell.outputs]
    return "".join(output.text for output in outputs if output.get("name") == "stderr")


def with_data(chapters: list[Path]) -> Iterator[Path]:
    """Yield the chapters whose data are at hand; say of the others that they are skipped."""
    for path in chapters:
        if reason := needed_data.reason_to_skip(path):
            print(f"  {path.stem}  skipped, it needs data: {reason}", flush=True)
        else:
            yield path


def made_of(path: Path) -> str:
    """Return a digest of what a run depends on: a chapter's code, its modules, the installer, Colab's lock."""
    notebook = nbformat.read(path, as_version=4)
    modules = notebook.metadata.get("fingerprint", {}).get("modules", {})
    parts = [
        fingerprint.cell_digests(notebook),
        [fingerprint.module_digest(book.ROOT, module) for module in sorted(modules)],
        [fingerprint.digest(Path(file).read_text(encoding="utf-8")) for file in (LOCK, publish.__file__)],
    ]
    return fingerprint.digest(json.dumps(parts))


def passed() -> dict[str, str]:
    """Return what each chapter was made of when it passed last."""
    return json.loads(PASSED.read_text(encoding="utf-8")) if PASSED.exists() else {}


def note_passed(path: Path, made: str) -> None:
    noted = passed() | {path.stem: made}
    book.write(PASSED, json.dumps(dict(sorted(noted.items())), indent=1) + "\n")


def chosen(names: list[str]) -> list[Path]:
    if names != ["changed"]:
        return book.chosen(names)
    noted, (first, *others) = passed(), book.chosen([])
    changed = [first, *(path for path in others if noted.get(path.stem) != made_of(path))]
    print(f"{len(others) + 1 - len(changed)} chapters have passed as they stand, {len(changed)} to run", flush=True)
    return changed


def main(names: list[str]) -> None:
    chapters = list(with_data(chosen(names)))
    made = {path: made_of(path) for path in chapters}  # before they run: somebody may edit one meanwhile
    prepare()
    mistakes = {}
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch)) as url:
        publish.add_notebooks(Path(scratch), {path.stem: nbformat.read(path, as_version=4) for path in chapters}, url)
        with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
            running = {pool.submit(run, Path(scratch, "chapters", path.name)): path for path in chapters}
            for future in as_completed(running):
                path, (mistake, seconds) = running[future], future.result()
                print(f"  {path.stem}  {'FAILED after' if mistake else 'ran in'} {seconds:.1f} s", flush=True)
                if mistake:
                    mistakes[path.name] = mistake
                else:
                    note_passed(path, made[path])
    for name, mistake in mistakes.items():
        print(f"\n{name}\n\n{mistake}")
    if mistakes:
        sys.exit(f"\nerror: with Colab's versions, something is wrong in {', '.join(sorted(mistakes))}, see above")


if __name__ == "__main__":
    main(sys.argv[1:])
