"""Measure mlhelpers beside its peers, in one run on the same data: `make bench`.

Prints the median of several repeats of each, and their ratio: how many times faster (or slower,
below 1) mlhelpers is.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from scipy import sparse
from sklearn.metrics import f1_score

from mlhelpers.labels import cooccurrence
from mlhelpers.metrics import LabelCounts
from mlhelpers.tables import Table

REPEATS = 5


def median_seconds(function: Callable[[], object], repeats: int = REPEATS) -> float:
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def import_seconds(module: str) -> float:
    return median_seconds(lambda: subprocess.run([sys.executable, "-c", f"import {module}"], check=True))


def both_f1_by_counts(y_true: object, y_pred: object) -> tuple[float, float]:
    counts = LabelCounts.from_predictions(y_true, y_pred)
    return counts.f1("micro", 0), counts.f1("macro", 0)


def both_f1_by_sklearn(y_true: object, y_pred: object) -> tuple[float, float]:
    micro, macro = (f1_score(y_true, y_pred, average=average, zero_division=0) for average in ("micro", "macro"))
    return micro, macro


def label_matrices(n_samples: int, n_labels: int, density: float) -> tuple[sparse.csr_array, sparse.csr_array]:
    rng = np.random.default_rng(0)
    y_true, y_pred = (
        sparse.random_array((n_samples, n_labels), density=density, rng=rng, format="csr") for _ in range(2)
    )
    return (y_true > 0).astype(np.int8), (y_pred > 0).astype(np.int8)


def main() -> None:
    rows = []

    def compare(what: str, ours: float, peer_name: str, peer: float) -> None:
        rows.append((what, f"{ours * 1e3:,.1f}", f"{peer * 1e3:,.1f}", f"{peer / ours:.1f}", peer_name))

    for name, shape, density, dense in (
        ("micro- and macro-F1, dense int8 100,000 × 100", (100_000, 100), 0.05, True),
        ("micro- and macro-F1, CSR 100,000 × 10,000", (100_000, 10_000), 0.001, False),
    ):
        y_true, y_pred = label_matrices(*shape, density)
        if dense:
            y_true, y_pred = y_true.toarray(), y_pred.toarray()
        assert np.allclose(both_f1_by_counts(y_true, y_pred), both_f1_by_sklearn(y_true, y_pred))
        ours = median_seconds(lambda t=y_true, p=y_pred: both_f1_by_counts(t, p))
        peer = median_seconds(lambda t=y_true, p=y_pred: both_f1_by_sklearn(t, p), repeats=3)
        compare(name, ours, "scikit-learn f1_score, twice", peer)

    matrix = label_matrices(100_000, 100, 0.05)[0].toarray()
    wide = matrix.astype(np.int64)
    assert np.array_equal(cooccurrence(matrix), wide.T @ wide)
    compare(
        "co-occurrence, dense int8 100,000 × 100",
        median_seconds(lambda: cooccurrence(matrix)),
        "NumPy Y.T @ Y in int64",
        median_seconds(lambda: wide.T @ wide, repeats=3),
    )
    compare("import mlhelpers", import_seconds("mlhelpers"), "import numpy", import_seconds("numpy"))

    caption = f"Python {sys.version.split()[0]}, {os.cpu_count()} cores; median of {REPEATS} (peers of 3 or {REPEATS})"
    print(Table(("what", "mlhelpers ms", "peer ms", "times faster", "peer"), rows, caption=caption))


if __name__ == "__main__":
    main()
