"""Try the claims of the chapters with other seeds and other arithmetic.

    python tools/sweep.py [CHAPTER ...]

Every chapter is executed with each of SEEDS added to its seeds, and with the first two of them under each other
arithmetic that this processor honours. Asserts are counted instead of stopping a chapter (tools/claims.py). A run that
is done is kept in _build/sweep until the chapter changes, so a sweep can be interrupted and taken up again. When all
runs of a chapter are there, what became of its claims goes into evidence/.
"""

from __future__ import annotations

import copy
import json
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

import book
import evidence
import nbformat
from nbclient import NotebookClient

RUNS = book.BUILD / "sweep"
TOOLS = Path(__file__).resolve().parent
SEEDS = tuple(range(100, 1001, 100))  # so far apart that no training of a chapter is another one's
# Which instructions a library may use, and on how many threads it adds up, decides the last bits of its sums.
ARITHMETIC = {
    "plain": {},
    "one thread": dict.fromkeys(
        ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"
    ),
    "oneDNN off": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "oneDNN on": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "AVX2 only": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V4",
    },
    "no AVX2": {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 X86_V3 AVX512F AVX512CD AVX512_SKX AVX512_ICL AVX512_SPR X86_V4",
    },
}
PROBE = """
import hashlib, warnings
warnings.simplefilter("ignore")  # of features that this NumPy doesn't know
import numpy as np, keras, tensorflow as tf
rng = np.random.default_rng(0)
A, X = rng.normal(size=(300, 300)), rng.random((256, 20, 20, 1)).astype("float32")
Y = (rng.random((256, 10)) < 0.2).astype("float32")
keras.utils.set_random_seed(1)
layers = [keras.layers.Conv2D(8, 3, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(10)]
model = keras.Sequential([keras.Input(X.shape[1:]), *layers])
model.compile("adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
model.fit(X, Y, epochs=2, verbose=0)
results = [A @ A, np.exp(A.astype("float32")), *model.get_weights()]
print(hashlib.sha256(b"".join(np.ascontiguousarray(r).tobytes() for r in results)).hexdigest())
"""


class Run(NamedTuple):
    """One execution of a chapter."""

    chapter: str
    arithmetic: str
    offset: int

    @property
    def path(self) -> Path:
        return RUNS / self.chapter / f"{self.arithmetic.replace(' ', '-')}_{self.offset}.json"


def environ(arithmetic: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(book.ROOT)} | ARITHMETIC[arithmetic]


def honoured() -> list[str]:
    """Return the kinds of arithmetic under which this processor computes something else than plainly."""
    found: dict[str, str] = {}
    for name in ARITHMETIC:
        done = subprocess.run([sys.executable, "-c", PROBE], env=environ(name), capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{done.stderr}\nerror: the probe of the arithmetic failed under {name!r}, see above")
        found[name] = done.stdout.split()[-1]
    return [name for name, bits in found.items() if name == "plain" or bits != found["plain"]]


def instrumented(notebook: book.Notebook, offset: int) -> book.Notebook:
    """Return a copy whose first cell judges the asserts of the others, and whose last one reports."""
    result = copy.deepcopy(notebook)
    first = f"import sys; sys.path.append({str(TOOLS)!r}); import claims; claims.install(get_ipython(), {offset})"
    cells = [cell for cell in book.code_cells(result) if cell.source.strip()]
    result.cells = [
        nbformat.v4.new_code_cell(first),
        *cells,
        nbformat.v4.new_code_cell("print(__claims__.report())"),
    ]
    return result


def execute(run: Run) -> Run:
    """Execute a chapter in its own kernel; store what became of its claims."""
    parent = multiprocessing.parent_process()
    if parent and not parent.is_alive():  # killed, not interrupted: nobody waits for this
        sys.exit(1)
    notebook = read(run.chapter)
    key, tried, start = evidence.chapter_key(notebook), instrumented(notebook, run.offset), time.monotonic()
    resources = {"metadata": {"path": str(book.ROOT / "chapters")}}
    client = NotebookClient(tried, timeout=900, allow_errors=True, resources=resources)
    log = run.path.with_suffix(".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as stderr:
        client.execute(env=environ(run.arithmetic), stderr=stderr)
    *cells, last = tried.cells[1:]
    errors = {k: f"{o.ename}: {o.evalue}" for k, cell in enumerate(cells) for o in cell.outputs if "ename" in o}
    report = json.loads(last.outputs[0].text)
    record = {"key": key, "seconds": round(time.monotonic() - start, 1), "errors": errors, "claims": report}
    book.write(run.path, json.dumps(record))
    return run


def stored(run: Run, key: str) -> dict[str, Any] | None:
    """Return the record of a run, unless the chapter has changed since."""
    try:
        record = json.loads(run.path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if record["key"] == key else None


def planned(chapter: str, kinds: list[str]) -> list[Run]:
    return [Run(chapter, kind, seed) for kind in kinds for seed in (SEEDS if kind == "plain" else SEEDS[:2])]


def read(chapter: str) -> book.Notebook:
    return nbformat.read(book.ROOT / "chapters" / f"{chapter}.ipynb", as_version=4)


def sweep(names: list[str]) -> None:
    chapters = [path.stem for path in book.chosen(names)]
    print("Which arithmetic does this processor honour? ", end="", flush=True)
    kinds = honoured()
    print(", ".join(kinds), flush=True)
    keys = {chapter: evidence.chapter_key(read(chapter)) for chapter in chapters}
    runs = [run for chapter in chapters for run in planned(chapter, kinds)]
    waiting = [run for run in runs if stored(run, keys[run.chapter]) is None]
    print(f"{len(runs)} runs, of which {len(runs) - len(waiting)} are there", flush=True)
    execute_all(waiting)
    changed = []
    for chapter in chapters:
        records = {run[1:]: stored(run, keys[chapter]) for run in planned(chapter, kinds)}
        if None in records.values():
            changed.append(chapter)
            continue
        result = evidence.collected(read(chapter), records)
        book.write(evidence.FOLDER / f"{chapter}.json", json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        tell(chapter, result)
    if changed:
        sys.exit(f"error: changed during the sweep: {', '.join(changed)}; the same command tries them as they are")


def execute_all(runs: list[Run]) -> None:
    """Execute two runs at a time, where there are two cores."""
    start = time.monotonic()
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        try:
            for done, future in enumerate(as_completed([pool.submit(execute, run) for run in runs]), start=1):
                left = (time.monotonic() - start) / done * (len(runs) - done)
                show(future.result())
                print(f"{len(runs) - done} to do, about {left / 60:.0f} minutes", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            sys.exit("\ninterrupted; what is done is kept, and the same command goes on from there")


def show(run: Run) -> None:
    record = json.loads(run.path.read_text(encoding="utf-8"))
    failed = sum(not claim["held"] for claim in record["claims"].values()) + len(record["errors"])
    result = f"{failed} FAILED" if failed else "all held"
    text = f"  {run.chapter}  {run.arithmetic} {run.offset}: {len(record['claims'])} claims, {result}"
    print(f"{text}, {record['seconds']:.0f} s; ", end="")


def tell(chapter: str, result: dict[str, Any]) -> None:
    """Print what became of a chapter's claims, those that failed with their asserts."""
    failed = [claim for claim in result["claims"] if claim["failed"]]
    print(f"{chapter}: {len(result['claims']) - len(failed)} of {len(result['claims'])} claims held in every run")
    for claim in failed:
        print(f"  {claim['heading']}: held {claim['held']} of {claim['of']}")
        for run, texts in claim["failed"].items():
            print(*(f"    {run}: {text}" for text in texts), sep="\n")


if __name__ == "__main__":
    sweep(sys.argv[1:])
