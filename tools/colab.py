"""Run the published chapters as Colab does: on its Python, with its versions, mlhelpers installed by their first cell.

    python tools/colab.py [CHAPTER ...]

The environment, .venv-colab, comes from requirements-colab.lock; the site that the notebooks install from is
served on this machine alone. A chapter fails if a cell fails, if an output holds stderr, or if anything but
mlhelpers and the package that it needs and Colab lacks was installed or moved. A chapter whose data set is not at hand
is skipped, and said to be.
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
from pathlib import Path

import book
import environment
import nbformat
import needed_data
import publish
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

VENV = book.ROOT / ".venv-colab"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = book.ROOT / "requirements-colab.lock"
VERSION = "3.13"
ADDED = [publish.LACKING, "mlhelpers"]


def prepare() -> None:
    """Make .venv-colab, or leave it if its lock has not changed."""
    ready = VENV / ".ready"
    if ready.exists() and ready.read_bytes() == LOCK.read_bytes():
        return
    print(f"Installing what Colab has into {VENV.name} (Python {VERSION}) ...", flush=True)
    os.environ["PYENV_VERSION"] = VERSION  # so that pyenv's python3.13 runs whatever is chosen there
    uv = [sys.executable, "-m", "uv", "--quiet"]
    environment.step(
        [*uv, "venv", "--clear", "--no-python-downloads", "--python", VERSION, str(VENV)],
        f"there is no Python {VERSION}, which Colab has, on this machine; install it and try again",
    )
    environment.step(
        [*uv, "pip", "sync", "--python", str(PYTHON), "--require-hashes", str(LOCK)],
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


def add_kernel(folder: Path) -> None:
    """Describe Colab's kernel where Jupyter finds it."""
    spec = {
        "argv": [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Colab",
        "language": "python",
        "env": {"PYTHONPATH": str(add_stub(folder)), "JUPYTER_PATH": "", "NO_PROXY": "127.0.0.1"},
    }
    book.write(folder / "kernels" / "colab" / "kernel.json", json.dumps(spec))
    os.environ["JUPYTER_PATH"] = str(folder)


def installed() -> set[str]:
    freeze = [str(PYTHON), "-m", "pip", "freeze"]
    return set(subprocess.run(freeze, check=True, capture_output=True, text=True).stdout.splitlines())


def uninstall() -> None:
    command = [str(PYTHON), "-m", "pip", "uninstall", "--yes", "--quiet", *ADDED]
    subprocess.run(command, check=True, capture_output=True)


def run(name: str, notebook: book.Notebook, folder: Path) -> str:
    """Run a published chapter in an empty folder; return what is wrong with it, or nothing."""
    uninstall()
    before = installed()
    client = NotebookClient(notebook, timeout=600, kernel_name="colab", resources={"metadata": {"path": str(folder)}})
    log = book.BUILD / "logs" / f"colab-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("w") as stderr:
            client.execute(stderr=stderr)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        said = "".join(output.get("text", "") for output in notebook.cells[0].outputs)  # by the cell that installs
        return said + book.ANSI.sub("", str(error))
    changed = sorted(before ^ installed())
    if [re.split("[ =]", line)[0] for line in changed] != ADDED:
        return f"something else was installed, moved or removed than {' and '.join(ADDED)}: {changed}"
    outputs = [output for cell in book.code_cells(notebook) for output in cell.outputs]
    return "".join(output.text for output in outputs if output.get("name") == "stderr")


def main(names: list[str]) -> None:
    chapters = book.chosen(names)
    prepare()
    mistakes = {}
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch, "site")) as url:
        site, content = Path(scratch, "site"), Path(scratch, "content")
        content.mkdir()
        publish.add_notebooks(site, {path.stem: nbformat.read(path, as_version=4) for path in chapters}, url)
        add_kernel(Path(scratch))
        for path in chapters:
            if reason := needed_data.reason_to_skip(path):
                print(f"  {path.stem}  skipped, it needs data: {reason}", flush=True)
                continue
            start = time.monotonic()
            print(f"  {path.stem}  running ...", flush=True)
            mistake = run(path.stem, nbformat.read(site / "chapters" / path.name, as_version=4), content)
            result = "FAILED after" if mistake else "ran in"
            print(f"  {path.stem}  {result} {time.monotonic() - start:.1f} s", flush=True)
            if mistake:
                mistakes[path.name] = mistake
    for name, mistake in mistakes.items():
        print(f"\n{name}\n\n{mistake}")
    if mistakes:
        sys.exit(f"\nerror: with Colab's versions, something is wrong in {', '.join(mistakes)}, see above")


if __name__ == "__main__":
    main(sys.argv[1:])
