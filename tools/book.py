"""Execute the chapters and build the book.

    python tools/book.py build              execute what changed, build the HTML book
    python tools/book.py run [CHAPTER ...]  execute chapters in place and store their outputs

A chapter is executed again when its code cells, a Python or JSON file of mlhelpers, the lock or the
Python changed. The book is built in a scratch folder and takes the place of the last one only when
everything succeeded.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

sys.path.insert(0, str(Path(__file__).parent))
from publication import Publication, from_environment

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
EXECUTED = BUILD / "executed"
SOURCE = BUILD / "source"
HTML = BUILD / "html"
INPUTS = BUILD / "html.inputs"  # digest of what the last good book was built from
PAGES = ("*.md", "benchmarks/*.md", "*.bib", "_config.yml", "_toc.yml", "_static/**/*", "_templates/*", "_ext/*")
NOT_PAGES = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
KEPT_METADATA = ("tags", "mystnb", "jupyter", "cellView")
INTERRUPTED = "\ninterrupted; the last book and the stored outputs stay as they were"
ANSI = re.compile(r"\x1b\[[0-9;]*m")

Notebook = nbformat.NotebookNode


def chapters() -> list[Path]:
    return sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))


def digest(parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()


def named_parts(files: dict[Path, bytes]) -> Iterable[bytes]:
    return (part for name, content in sorted(files.items()) for part in (str(name).encode(), content))


def environment_digest() -> str:
    package = [path for kind in ("*.py", "*.json") for path in (ROOT / "mlhelpers").rglob(kind)]
    files = {path.relative_to(ROOT): path.read_bytes() for path in package}
    version = platform.python_version().encode()
    return digest([version, (ROOT / "requirements.lock").read_bytes(), *named_parts(files)])


def code_cells(notebook: Notebook) -> list[Notebook]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def chapter_key(notebook: Notebook, environment: str) -> str:
    cells = [[cell.source, cell.metadata.get("tags", [])] for cell in code_cells(notebook)]
    return digest([environment.encode(), json.dumps(cells).encode()])


def peak_mib(pid: int) -> int | None:
    """Return the most memory the process ever held, where the system tells (Linux)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) // 1024 if found else None


def execute(name: str, notebook: Notebook) -> dict[str, Any]:
    """Execute a notebook in place, in its normal form; return run time and peak memory, or exit with its error."""
    start, total = time.monotonic(), len(notebook.cells)
    live = sys.stdout.isatty()
    current, peak = 0, None

    def show(text: str, end: str) -> None:
        print(f"{chr(13) if live else ''}  {name}  {text}", end=end, flush=True)

    def on_cell_start(cell: Notebook, cell_index: int) -> None:
        nonlocal current
        current = cell_index
        if live:
            show(f"cell {cell_index + 1} of {total}, {time.monotonic() - start:.0f} s", end="   ")

    def on_cell_executed(cell: Notebook, cell_index: int, execute_reply: dict[str, Any]) -> None:
        nonlocal peak
        peak = peak_mib(client.km.provisioner.pid)

    client = NotebookClient(
        notebook,
        timeout=600,
        resources={"metadata": {"path": str(ROOT / "chapters")}},
        on_cell_start=on_cell_start,
        on_cell_executed=on_cell_executed,
    )
    show("executing ...", end="" if live else "\n")
    log = BUILD / "logs" / f"{name}.log"  # what libraries write past Python, as TensorFlow does at its start
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("w") as stderr:
            client.execute(stderr=stderr)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        if hasattr(client, "_async_cleanup_kernel_future"):  # on Ctrl-C nbclient shuts the kernel down, finds it dead,
            sys.exit(INTERRUPTED)
        text = str(error) if live else ANSI.sub("", str(error))
        hint = f"\nThe end of {log} may tell why." if isinstance(error, DeadKernelError) else ""
        sys.exit(f"\nerror: chapters/{name}.ipynb, cell {current + 1} of {total} failed\n\n{text}{hint}")
    except AssertionError:
        if client.km is not None:
            raise
        sys.exit(INTERRUPTED)  # or finds it gone
    normalise(notebook)
    seconds = time.monotonic() - start
    show(f"executed in {seconds:.1f} s" + (f", {peak} MiB at most" if peak else ""), end="\n")
    return {"seconds": seconds, "peak_mib": peak}


def write(path: Path, text: str) -> None:
    """Write a whole file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(path.name + ".part")
    scratch.write_text(text, encoding="utf-8", newline="\n")
    scratch.replace(path)


def executed(path: Path, environment: str, *, again: bool = False) -> tuple[Notebook, dict[str, Any]]:
    """Return a chapter with fresh outputs: the kept ones while nothing they depend on changed, or new ones."""
    notebook = nbformat.read(path, as_version=4)
    key, kept = chapter_key(notebook, environment), EXECUTED / f"{path.stem}.json"
    try:
        record = json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        record = {}
    if record.get("key") == key and not again:
        for cell, outputs in zip(code_cells(notebook), record["outputs"], strict=True):
            cell.outputs = nbformat.from_dict(outputs)
        normalise(notebook)
    else:
        record = {"key": key, **execute(path.stem, notebook)}
        record["outputs"] = [cell.outputs for cell in code_cells(notebook)]
        write(kept, json.dumps(record))
    return notebook, record


def normalise(notebook: Notebook) -> None:
    """Keep of a notebook only what is the same after every run."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: set[str] = set()
    for cell in notebook.cells:
        if cell.get("id") in seen or not cell.get("id"):
            cell.id = digest([cell.source.encode(), str(len(seen)).encode()])[:8]
        seen.add(cell.id)
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in KEPT_METADATA})
        if cell.cell_type == "code":
            cell.outputs = joined_streams(cell.outputs)
    for count, cell in enumerate(code_cells(notebook), start=1):
        cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count


def joined_streams(outputs: list[Notebook]) -> list[Notebook]:
    """Join neighbouring pieces of one stream: where a kernel cuts them depends on timing."""
    result: list[Notebook] = []
    for output in outputs:
        if result and output.output_type == "stream" and result[-1].get("name") == output.name:
            result[-1].text += output.text
        else:
            result.append(output)
    return result


def stage(files: dict[Path, bytes]) -> None:
    shutil.rmtree(SOURCE, ignore_errors=True)
    for relative, content in files.items():
        path = SOURCE / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def pages() -> dict[Path, bytes]:
    found = (path for pattern in PAGES for path in ROOT.glob(pattern) if path.is_file())
    return {path.relative_to(ROOT): path.read_bytes() for path in found if path.name not in NOT_PAGES}


def replace_folder(scratch: Path, target: Path) -> None:
    """Put a finished folder in the place of the last one."""
    former = target.with_name(target.name + ".former")
    shutil.rmtree(former, ignore_errors=True)
    if target.exists():
        target.rename(former)
    scratch.rename(target)
    shutil.rmtree(former, ignore_errors=True)


def sphinx(publication: Publication | None = None) -> None:
    """Build the staged pages and put them in the place of the last book."""
    print("  building the pages ...", flush=True)
    scratch = BUILD / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    jupyter_book = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    options = ["--path-output", str(scratch), "-W", "-n", "--keep-going", "-q"]
    process = subprocess.run(
        [*jupyter_book, "build", ".", *options],
        cwd=SOURCE,
        env=os.environ | (publication.environ() if publication else {}),
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if process.returncode:
        sys.exit(f"{process.stdout.strip()}\n\nerror: the book has warnings or errors, see above; the last book stays")
    replace_folder(scratch / "_build" / "html", HTML)
    shutil.rmtree(scratch, ignore_errors=True)


def published_at() -> Publication | None:
    try:
        return from_environment()
    except ValueError as error:
        sys.exit(f"error: {error}")


@contextmanager
def alone() -> Iterator[None]:
    """Keep other builds out of this folder; a lock of SQLite works on every system, and goes with its process."""
    BUILD.mkdir(exist_ok=True)
    with closing(sqlite3.connect(BUILD / "lock", timeout=0)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            sys.exit("error: another build is running in this folder; wait until it is done")
        yield


def build() -> dict[str, Notebook]:
    """Build the book; return the executed chapters by name."""
    publication = published_at()
    environment, start = environment_digest(), time.monotonic()
    files, notebooks, records = pages(), {}, {}
    for path in chapters():
        notebooks[path.stem], records[path.stem] = executed(path, environment)
        files[path.relative_to(ROOT)] = (nbformat.writes(notebooks[path.stem]) + "\n").encode()
    files[Path("seconds.json")] = seconds_per_page(records)
    inputs = digest(
        [environment.encode(), Path(__file__).read_bytes(), repr(publication).encode(), *named_parts(files)]
    )
    if not (HTML / "index.html").exists() or not INPUTS.exists() or INPUTS.read_text() != inputs:
        INPUTS.unlink(missing_ok=True)
        stage(files)
        sphinx(publication)
        write(INPUTS, inputs)
    report(records, time.monotonic() - start)
    return notebooks


def seconds_per_page(records: dict[str, dict[str, Any]]) -> bytes:
    """Return the running times that the pages show, as measured when each chapter was executed last."""
    return json.dumps({f"chapters/{name}": round(record["seconds"]) for name, record in records.items()}).encode()


def report(records: dict[str, dict[str, Any]], seconds: float) -> None:
    width = max(map(len, records), default=7)
    print(f"\n  {'chapter':{width}}  seconds  peak MiB")
    for name, record in records.items():
        print(f"  {name:{width}}  {record['seconds']:7.1f}  {record['peak_mib'] or '–':>8}")
    print(f"\nThe book is ready ({seconds:.0f} s). Open {HTML / 'index.html'}")


def chosen(names: list[str]) -> list[Path]:
    """Return the chapters that begin with one of the names, without names all of them."""
    unknown = [name for name in names if not any(path.stem.startswith(name) for path in chapters())]
    if unknown:
        known = ", ".join(path.stem for path in chapters())
        sys.exit(f"error: no chapter begins with {', '.join(unknown)}; there are {known}")
    return [path for path in chapters() if not names or any(path.stem.startswith(name) for name in names)]


def run(names: list[str]) -> None:
    paths = chosen(names)
    write(ROOT / "mlhelpers" / "exercises.json", exercise_texts())  # first: the chapters depend on it
    environment = environment_digest()
    for path in paths:
        notebook, _ = executed(path, environment, again=True)
        write(path, nbformat.writes(notebook) + "\n")


def exercise_texts() -> str:
    """Return hints and solutions as JSON, under "CC.N", chapter and exercise, for readers who have only the package."""
    texts: dict[str, dict[str, str]] = {}
    for path in chapters():
        notebook, number = nbformat.read(path, as_version=4), path.stem[:2]
        prose = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        for exercise in re.split(r"(?m)^(?=\*\*\d\.\*\* )", prose.partition("## Exercises")[2])[1:]:
            found = re.search(r"<details><summary>Hint</summary>(.*?)</details>", exercise, flags=re.DOTALL)
            texts[f"{number}.{exercise[2]}"] = {"hint": plain(found[1]) if found else ""}
        for cell in code_cells(notebook):
            prompt = cell.metadata.get("mystnb", {}).get("code_prompt_show", "")
            if prompt.startswith("Show solution "):
                texts[f"{number}.{prompt[-1]}"]["solution"] = cell.source
    return json.dumps(texts, indent=1, ensure_ascii=False) + "\n"


def plain(text: str) -> str:
    """Return a piece of HTML as one line of text, code in backquotes."""
    text = re.sub(r"</?code>", "`", " ".join(text.split()))
    return html.unescape(re.sub(r"<[^>]+>", "", text))


COMMANDS: dict[str, Callable[[list[str]], object]] = {"build": lambda names: build(), "run": run}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    try:
        with alone():
            COMMANDS[sys.argv[1]](sys.argv[2:])
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
