"""Execute chapters, and build the book from their stored outputs.

    python tools/book.py build [--stored]   build the HTML book; a chapter whose outputs don't fit is executed first
    python tools/book.py check              name the chapters whose stored outputs don't fit, and fail if there are any
    python tools/book.py run [CHAPTER ...]  execute chapters in place and store their outputs

Outputs fit while the chapter has the fingerprint that was stored with them, see tools/fingerprint.py. With --stored
the book is built from the stored outputs, whether they fit or not. It is built in a scratch folder and takes the
place of the last one only when everything succeeded.
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
import evidence
import fingerprint
from fingerprint import Notebook, code_cells
from publication import Publication, from_environment

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
SOURCE = BUILD / "source"
HTML = BUILD / "html"
INPUTS = BUILD / "html.inputs"  # digest of what the last good book was built from
PAGES = ("*.md", "benchmarks/*.md", "*.bib", "_config.yml", "_toc.yml")
PAGES += ("_static/**/*", "_templates/*", "_ext/*", "quick_checks/*.yml")
NOT_PAGES = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KEPT_METADATA = ("tags", "mystnb", "jupyter", "cellView")
LOADED_MODULES = f"""\
import json, sys

print(json.dumps(sorted(name for name in sys.modules if name.partition(".")[0] == "{fingerprint.PACKAGE}")))
"""
INTERRUPTED = "\ninterrupted; the last book and the stored outputs stay as they were"
RUNS_IN = re.compile(r"\*\*Runs in\*\* [^.]*\.")
NUMBERS = {1: "one", 2: "two", 4: "four", 8: "eight"}
OFFER = "The last book stays. `make book outputs=stored` builds one from the outputs that are stored with the chapters."
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class ChapterError(Exception):
    """A chapter can't be executed; the message names the cell."""


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
    """Return a digest of what the pages of the package are made from."""
    package = [path for kind in ("*.py", "*.json") for path in (ROOT / "mlhelpers").rglob(kind)]
    files = {path.relative_to(ROOT): path.read_bytes() for path in package}
    version = platform.python_version().encode()
    return digest([version, (ROOT / "requirements.lock").read_bytes(), *named_parts(files)])


def peak_mib(pid: int) -> int | None:
    """Return the most memory the process ever held, where the system tells (Linux)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) // 1024 if found else None


def execute(name: str, notebook: Notebook) -> None:
    """Execute a notebook in place, in its normal form, with fingerprint and run; exit with its error."""
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
    notebook.cells.append(nbformat.v4.new_code_cell(LOADED_MODULES))
    try:
        with log.open("w") as stderr:
            client.execute(stderr=stderr)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        if hasattr(client, "_async_cleanup_kernel_future"):  # on Ctrl-C nbclient shuts the kernel down, finds it dead,
            raise KeyboardInterrupt from error
        text = str(error) if live else ANSI.sub("", str(error))
        hint = f"\nThe end of {log} may tell why." if isinstance(error, DeadKernelError) else ""
        raise ChapterError(f"chapters/{name}.ipynb, cell {current + 1} of {total} failed\n\n{text}{hint}") from error
    except AssertionError as error:
        if client.km is not None:
            raise
        raise KeyboardInterrupt from error  # or finds it gone
    modules = json.loads(notebook.cells.pop().outputs[0].text)
    seconds = time.monotonic() - start
    note_run(notebook, modules, seconds, peak)
    normalise(notebook)
    show(f"executed in {seconds:.1f} s" + (f", {peak} MiB at most" if peak else ""), end="\n")


def note_run(notebook: Notebook, modules: list[str], seconds: float, peak: int | None) -> None:
    """Write into a notebook what its outputs were made from, and what that took.

    What it took stays as it was while it is about the same, so that executing a chapter twice stores the same bytes.
    """
    made_from = fingerprint.fingerprint(notebook, modules, ROOT)
    again = notebook.metadata.get("fingerprint") == made_from
    former = notebook.metadata.get("run", {}) if again else {}
    notebook.metadata["fingerprint"] = made_from
    run = {"python": platform.python_version(), "cores": os.cpu_count(), "seconds": round(seconds), "peak_mib": peak}
    if all(former.get(name) == run[name] for name in ("python", "cores")):
        for name in ("seconds", "peak_mib"):
            if former.get(name) and run[name] and 0.7 < (run[name] + 5) / (former[name] + 5) < 1.5:
                run[name] = former[name]
    notebook.metadata["run"] = run


def write(path: Path, text: str) -> None:
    """Write a whole file or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(path.name + ".part")
    scratch.write_text(text, encoding="utf-8", newline="\n")
    scratch.replace(path)


def with_fitting_outputs(path: Path, stored: bool) -> Notebook:
    """Return a chapter with its stored outputs, or with fresh ones if those don't fit and need not be taken."""
    notebook = nbformat.read(path, as_version=4)
    reasons = fingerprint.differences(notebook, ROOT)
    if reasons:
        doing = "taking the stored outputs, although" if stored else "to be executed, since"
        print(f"  {path.stem}  {doing} {shortened(reasons)}", flush=True)
        if not stored:
            try:
                execute(path.stem, notebook)
            except ChapterError as error:
                sys.exit(f"\nerror: {error}\n\n{OFFER}")
    normalise(notebook)
    return notebook


def shortened(reasons: list[str]) -> str:
    more = f", and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    return ", ".join(reasons[:3]) + more


def normalise(notebook: Notebook) -> None:
    """Keep of a notebook only what is the same after every run."""
    kept = {name: notebook.metadata[name] for name in ("fingerprint", "run") if name in notebook.metadata}
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA | kept)
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


def is_folded(cell: Notebook) -> bool:
    return cell.cell_type == "code" and "hide-cell" in cell.metadata.get("tags", [])


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


def build(*, stored: bool = False) -> dict[str, Notebook]:
    """Build the book; return the chapters by name, with the outputs that it shows."""
    publication, start, files = published_at(), time.monotonic(), pages()
    notebooks = {path.stem: with_fitting_outputs(path, stored) for path in chapters()}
    for name, notebook in notebooks.items():
        files[Path("chapters", f"{name}.ipynb")] = (nbformat.writes(notebook) + "\n").encode()
    titles = {name: notebook.cells[0].source.partition("\n")[0].lstrip("# ") for name, notebook in notebooks.items()}
    files[Path("evidence", "tried.txt")] = evidence.as_markdown(titles).encode()
    inputs = digest(
        [environment_digest().encode(), Path(__file__).read_bytes(), repr(publication).encode(), *named_parts(files)]
    )
    if not (HTML / "index.html").exists() or not INPUTS.exists() or INPUTS.read_text() != inputs:
        INPUTS.unlink(missing_ok=True)
        stage(files)
        sphinx(publication)
        write(INPUTS, inputs)
    print(f"The book is ready ({time.monotonic() - start:.0f} s). Open {HTML / 'index.html'}")
    return notebooks


def check() -> None:
    """Exit with the chapters whose stored outputs don't fit."""
    stale = {}
    for path in chapters():
        reasons = fingerprint.differences(nbformat.read(path, as_version=4), ROOT)
        if reasons:
            stale[path.stem[:2]] = f"{path.stem}: {shortened(reasons)}"
    if stale:
        command = f'make run chapters="{" ".join(stale)}"'
        sys.exit("\n".join(["error: stored outputs that don't fit", *stale.values(), f"run and commit: {command}"]))


def chosen(names: list[str]) -> list[Path]:
    """Return the chapters that begin with one of the names, without names all of them."""
    unknown = [name for name in names if not any(path.stem.startswith(name) for path in chapters())]
    if unknown:
        known = ", ".join(path.stem for path in chapters())
        sys.exit(f"error: no chapter begins with {', '.join(unknown)}; there are {known}")
    return [path for path in chapters() if not names or any(path.stem.startswith(name) for name in names)]


def run(names: list[str]) -> None:
    paths, start = chosen(names), time.monotonic()
    write(ROOT / "mlhelpers" / "exercises" / "texts.json", exercise_texts())  # first: the chapters print of it
    notebooks = {}
    for path in paths:
        notebook = notebooks[path.stem] = nbformat.read(path, as_version=4)
        try:
            execute(path.stem, notebook)
        except ChapterError as error:
            sys.exit(f"\nerror: {error}\n\nThe stored outputs stay as they were.")
        say_run_time(notebook)
        write(path, nbformat.writes(notebook) + "\n")
    report(notebooks)
    print(f"\nOutputs are stored ({time.monotonic() - start:.0f} s)")


def say_run_time(notebook: Notebook) -> None:
    """Let the chapter's head say what its run took."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = RUNS_IN.sub(f"**Runs in** {about(notebook.metadata.run)}.", cell.source)


def about(run: dict[str, Any]) -> str:
    """Return a chapter's run time as every page says it."""
    seconds, cores = max(5, 5 * round(run["seconds"] / 5)), run["cores"]
    return f"about {seconds} seconds on {NUMBERS.get(cores, cores)} core{'s' * (cores != 1)}"


def report(notebooks: dict[str, Notebook]) -> None:
    width = max(map(len, notebooks), default=7)
    print(f"\n  {'chapter':{width}}  seconds  peak MiB")
    for name, notebook in notebooks.items():
        run = notebook.metadata.run
        print(f"  {name:{width}}  {run['seconds']:7}  {run['peak_mib'] or '–':>8}")


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


COMMANDS: dict[str, Callable[[list[str]], object]] = {
    "build": lambda options: build(stored="--stored" in options),
    "check": lambda options: check(),
    "run": run,
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(__doc__)
    try:
        with alone():
            COMMANDS[sys.argv[1]](sys.argv[2:])
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
