"""Measure mlhelpers beside its peers, in one run on the same data: `make bench`.

Times are medians of several repeats, taken in turns; a ratio says how many times the peer's time is
that of mlhelpers. Prints the tables and writes them to `benchmarks/results.md`, a page of the book.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from scipy import sparse
from scipy.special import logit
from sklearn.calibration import _SigmoidCalibration
from sklearn.metrics import f1_score, precision_recall_curve
from sparse_scores import compare_rankings, counts_over_partitions, growth_of_sparse

from mlhelpers.calibration import fit_calibration
from mlhelpers.keras_metrics import MultilabelF1
from mlhelpers.labels import cooccurrence
from mlhelpers.losses import AsymmetricLoss, ClippedBinaryCrossentropy, WeightedBinaryCrossentropy
from mlhelpers.metrics import LabelCounts, evaluate
from mlhelpers.splits import MultilabelKFold
from mlhelpers.tables import Table
from mlhelpers.thresholds import fit_thresholds

RESULTS = Path(__file__).with_name("results.md")
REPEATS = 5


def medians(functions: list[Callable[[], object]], repeats: int = REPEATS) -> list[float]:
    """Return the median seconds of each function; they take turns, so that a slow moment hits them all."""
    times: list[list[float]] = [[] for _ in functions]
    for turn in range(repeats + 1):
        for function, seconds in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            if turn:  # the first one warms up
                seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in times]


def scored_labels(n_samples: int, n_labels: int, density: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y_true = (rng.random((n_samples, n_labels)) < density).astype(np.int8)
    return y_true, 1 / (1 + np.exp(2 - 2 * y_true - rng.normal(size=y_true.shape)))


def sparse_labels(n_samples: int, n_labels: int, density: float) -> list[sparse.csr_array]:
    rng = np.random.default_rng(0)
    matrices = [sparse.random_array((n_samples, n_labels), density=density, rng=rng, format="csr") for _ in range(2)]
    return [(matrix > 0).astype(np.int8) for matrix in matrices]


class Comparison:
    """The rows of the table of peers."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, ...]] = []

    def add(self, what: str, ours: Callable[[], object], name: str, peer: Callable[[], object], repeats: int = REPEATS):
        seconds, peer_seconds = medians([ours, peer], repeats)
        self.add_seconds(what, seconds, name, peer_seconds)

    def add_seconds(self, what: str, seconds: float, name: str, peer_seconds: float) -> None:
        times = (f"{seconds * 1e3:,.1f}", f"{peer_seconds * 1e3:,.1f}", f"{peer_seconds / seconds:.2f}")
        row = (f"{what}; peer: {name}", *times)
        self.rows.append(row)
        print("  ".join(row), flush=True)


def best_f1_by_sklearn(y_true: np.ndarray, y_score: np.ndarray) -> np.ndarray:
    best = []
    for present, scores in zip(y_true.T, y_score.T, strict=True):
        precision, recall, _ = precision_recall_curve(present, scores)
        best.append((2 * precision * recall / np.maximum(precision + recall, 1e-12)).max())
    return np.array(best)


def compare_thresholds(table: Comparison) -> None:
    for shape in ((100_000, 100), (1_000_000, 20)):
        y_true, y_score = scored_labels(*shape)
        f1 = f1_score(y_true, fit_thresholds(y_true, y_score).predict(y_score), average=None)
        np.testing.assert_allclose(f1, best_f1_by_sklearn(y_true, y_score), rtol=1e-12)
        table.add(
            f"exact F1 thresholds, {shape[0]:,} × {shape[1]}",
            lambda t=y_true, s=y_score: fit_thresholds(t, s),
            "scikit-learn precision_recall_curve per label",
            lambda t=y_true, s=y_score: best_f1_by_sklearn(t, s),
            repeats=3,
        )


def both_f1_by_counts(y_true: object, y_pred: object) -> tuple[float, float]:
    counts = LabelCounts.from_predictions(y_true, y_pred)
    return counts.f1("micro", 0), counts.f1("macro", 0)


def both_f1_by_sklearn(y_true: object, y_pred: object) -> tuple[float, float]:
    micro, macro = (f1_score(y_true, y_pred, average=average, zero_division=0) for average in ("micro", "macro"))
    return micro, macro


def compare_counts(table: Comparison) -> None:
    dense = [matrix.toarray() for matrix in sparse_labels(100_000, 100, 0.05)]
    for name, (y_true, y_pred) in (
        ("micro- and macro-F1, dense int8 100,000 × 100", dense),
        ("micro- and macro-F1, CSR 100,000 × 10,000", sparse_labels(100_000, 10_000, 0.001)),
    ):
        np.testing.assert_allclose(both_f1_by_counts(y_true, y_pred), both_f1_by_sklearn(y_true, y_pred))
        table.add(
            name,
            lambda t=y_true, p=y_pred: both_f1_by_counts(t, p),
            "scikit-learn f1_score, twice",
            lambda t=y_true, p=y_pred: both_f1_by_sklearn(t, p),
        )
    np.testing.assert_array_equal(cooccurrence(dense[0]), product_in_float32(dense[0]))
    table.add(
        "co-occurrence, dense int8 100,000 × 100",
        lambda: cooccurrence(dense[0]),
        "NumPy Y.T @ Y in float32",
        lambda: product_in_float32(dense[0]),
        repeats=9,
    )


def product_in_float32(matrix: np.ndarray) -> np.ndarray:
    wide = matrix.astype(np.float32)  # exact up to 2**24 samples, and what BLAS is fast at
    return (wide.T @ wide).astype(np.int64)


def compare_keywords(table: Comparison) -> None:
    """Measure what unknown labels and sample weights cost: the peer is the plain call of the same function."""
    y_true, y_score = scored_labels(100_000, 50)
    y_pred = (y_score > 0.5).astype(np.int8)
    rng = np.random.default_rng(1)  # not that of the labels: all positives would be unknown
    unknown = np.where(rng.random(y_true.shape) < 0.1, -1, y_true).astype(np.int8)
    weight = rng.uniform(0.5, 2, len(y_true))
    calls: dict[str, tuple[Callable[..., object], np.ndarray]] = {
        "LabelCounts": (LabelCounts.from_predictions, y_pred),
        "evaluate": (evaluate, y_score),
        "fit_thresholds": (fit_thresholds, y_score),
    }
    for name, (call, other) in calls.items():
        for what, given, options in (
            ("10 % of the labels unknown", unknown, {"allow_missing": True}),
            ("sample_weight", y_true, {"sample_weight": weight}),
        ):
            table.add(
                f"{name}, {what}, 100,000 × 50",
                lambda c=call, g=given, o=other, k=options: c(g, o, **k),
                "the same without",
                lambda c=call, o=other: c(y_true, o),
                repeats=7,
            )


def loss_and_gradient(loss: keras.losses.Loss, y_true: tf.Tensor, y_pred: tf.Tensor) -> Callable[[], object]:
    @tf.function
    def step():
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            value = loss(y_true, y_pred)
        return tape.gradient(value, y_pred)

    return lambda: step().numpy()


def compare_losses(table: Comparison) -> None:
    rng = np.random.default_rng(0)
    y_true = tf.constant(rng.random((4096, 1000)) < 0.05, tf.float32)
    logits = tf.constant(rng.normal(scale=3, size=(4096, 1000)), tf.float32)
    probabilities = tf.sigmoid(logits)
    crossentropy = keras.losses.BinaryCrossentropy
    cases = (
        (
            "WeightedBinaryCrossentropy of logits",
            WeightedBinaryCrossentropy(from_logits=True, pos_weight=np.full(1000, 3.0)),
            crossentropy(from_logits=True),
            logits,
        ),
        ("ClippedBinaryCrossentropy", ClippedBinaryCrossentropy(), crossentropy(), probabilities),
    )
    for name, ours, peer, y_pred in cases:
        mine, other = (loss_and_gradient(loss, y_true, y_pred) for loss in (ours, peer))
        table.add(f"{name}, loss and gradient, 4,096 × 1,000", mine, "Keras BinaryCrossentropy", other, repeats=15)
    mine, other = (
        loss_and_gradient(f, y_true, logits) for f in (AsymmetricLoss(from_logits=True), asymmetric_as_written)
    )
    np.testing.assert_allclose(mine(), other(), rtol=1e-3, atol=1e-9)
    name = "AsymmetricLoss of logits, loss and gradient, 4,096 × 1,000"
    table.add(name, mine, "the paper's formula, term by term in TensorFlow", other, repeats=15)


def asymmetric_as_written(y_true: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Return the asymmetric loss as its paper writes it down, with the default exponents 4 and 1 and margin 0.05."""
    p = tf.sigmoid(logits)
    shifted = tf.maximum(p - 0.05, 0)
    if_present = (1 - p) ** 1 * tf.math.log(tf.maximum(p, 1e-8))
    if_absent = shifted**4 * tf.math.log(tf.maximum(1 - shifted, 1e-8))
    return -tf.reduce_mean(y_true * if_present + (1 - y_true) * if_absent)


def training_epoch(metric: keras.metrics.Metric) -> Callable[[], object]:
    """Return an epoch of 200 training steps of a small network with the metric."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(51_200, 32)).astype(np.float32), rng.random((51_200, 100)) < 0.05
    data = tf.data.Dataset.from_tensor_slices((X, Y.astype(np.float32))).batch(256).cache()
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((32,)), keras.layers.Dense(100, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=[metric])
    return lambda: model.fit(data, shuffle=False, verbose=0)


def compare_keras_metrics(table: Comparison) -> None:
    ours = training_epoch(MultilabelF1())
    peer = training_epoch(keras.metrics.F1Score(average="macro", threshold=0.5))
    table.add("MultilabelF1, 200 training steps of 256 × 100", ours, 'Keras F1Score(average="macro")', peer, repeats=7)


def intervals_by_sklearn(y_true: np.ndarray, y_pred: np.ndarray, n_resamples: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    values = []
    for _ in range(n_resamples):
        rows = rng.integers(len(y_true), size=len(y_true))
        values.append(both_f1_by_sklearn(y_true[rows], y_pred[rows]))
    return dict(zip(("f1_micro", "f1_macro"), np.quantile(values, [0.025, 0.975], axis=0).T, strict=True))


def compare_bootstrap(table: Comparison) -> None:
    y_true, y_score = scored_labels(20_000, 20)
    y_pred = (y_score > 0.5).astype(np.int8)
    start = time.perf_counter()
    expected = intervals_by_sklearn(y_true, y_pred, 1000)
    peer = time.perf_counter() - start
    report = evaluate(y_true, y_score, confidence=0.95, n_resamples=1000)
    for key, bounds in expected.items():
        np.testing.assert_allclose(report.intervals[key], bounds, rtol=1e-9)
    (ours,) = medians([lambda: evaluate(y_true, y_score, confidence=0.95, n_resamples=1000)], 3)
    name = "loop over scikit-learn, micro- and macro-F1 only"
    table.add_seconds("evaluate with intervals (13 averages, 20 labels), 20,000 × 20, 1,000 draws", ours, name, peer)


def compare_calibration(table: Comparison) -> None:
    y_true, y_score = scored_labels(100_000, 100)
    logits = logit(y_score)

    def by_sklearn() -> None:
        for labels, scores in zip(y_true.T, logits.T, strict=True):
            _SigmoidCalibration().fit(scores, labels)

    name = "Platt scaling, 100,000 × 100"
    table.add(
        name,
        lambda: fit_calibration(y_true, logits, from_logits=True),
        "scikit-learn's sigmoid calibration of each label",
        by_sklearn,
        repeats=3,
    )


def compare_import(table: Comparison) -> None:
    commands = [[sys.executable, "-c", f"import {module}"] for module in ("mlhelpers", "numpy")]
    functions = [lambda command=command: subprocess.run(command, check=True) for command in commands]
    table.add(
        "import mlhelpers (its modules load when first used)", functions[0], "import numpy", functions[1], repeats=11
    )


def peak_mib(function: Callable[[], object]) -> float:
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def time_and_memory(function: Callable[..., object], *data: np.ndarray) -> str:
    (seconds,) = medians([lambda: function(*data)], 3)
    return f"{seconds * 1e3:,.0f} ms, {peak_mib(lambda: function(*data)):,.0f} MiB"


def growth() -> list[tuple[str, ...]]:
    """Return seconds and memory of each function at three sizes of n and of L."""
    cases: dict[str, Callable[[np.ndarray, np.ndarray], object]] = {
        "fit_thresholds": fit_thresholds,
        "LabelCounts": lambda y_true, y_score: LabelCounts.from_predictions(y_true, y_score > 0.5),
        "evaluate": evaluate,
        "MultilabelKFold": lambda y_true, y_score: list(MultilabelKFold(5, random_state=0).split(y_true, y_true)),
    }
    growing = {
        "n = 20,000 / 40,000 / 80,000, L = 40": ((20_000, 40), (40_000, 40), (80_000, 40)),
        "L = 20 / 40 / 80, n = 20,000": ((20_000, 20), (20_000, 40), (20_000, 80)),
    }
    rows = []
    for name, function in cases.items():
        for size, shapes in growing.items():
            rows.append((name, size, *(time_and_memory(function, *scored_labels(*shape)) for shape in shapes)))
            print("  ".join(rows[-1]), flush=True)
    return rows


def markdown(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


PAGE = """# What it costs

How long the package's functions take beside the nearest thing that a well-kept library has, on the same data in the
same run. Every pair was first checked to give the same result. Times are medians; the ratio is the peer's time
divided by ours, so above 1 this package is faster. The page is written by `make bench`; this run had {machine}.

{peers}

Thresholds are exact on both sides: the peer looks at every cut of every label, `fit_thresholds` only at those that
can be best, in as many threads as there are cores. Counts are additions, where `f1_score` checks and converts more
than it counts. Losses are measured inside `tf.function`. For the intervals the peer computes two of the averages.
Measures at k are of one call; the loop over rows is what tools of extreme classification do. What unknown labels and
sample weights cost is measured beside the plain call of the same function: a ratio of 0.8 means a quarter more time.

## How cost grows

Twice as many samples, or twice as many labels, should take twice the time and twice the memory. Each row doubles
one of them twice; memory is the most that was held beside the data. Sparse scores (CSR) are 20 a row for thresholds
and 100 a row for rankings, and memory is told as a multiple of the data's own. Counts of eight partitions, which Dask
made one by one, added up to those of all rows.

{growth}
"""


def main() -> None:
    table = Comparison()
    for compare in (
        compare_thresholds,
        compare_counts,
        compare_keywords,
        compare_losses,
        compare_keras_metrics,
        compare_bootstrap,
        compare_calibration,
        compare_import,
    ):
        compare(table)
    compare_rankings(table.add_seconds)
    counts_over_partitions()
    columns = ("what", "ms", "peer's ms", "ratio")
    grown = growth() + growth_of_sparse()
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "keras", "tensorflow"))
    machine = f"{os.cpu_count()} cores, {memory_gib()} GiB of memory, Python {platform.python_version()}, {packages}"
    growth_columns = ("function", "size", "first", "second", "third")
    print(Table(columns, table.rows, caption=machine), Table(growth_columns, grown), sep="\n\n")
    peers, growth_table = markdown(columns, table.rows), markdown(growth_columns, grown)
    RESULTS.write_text(PAGE.format(machine=machine, peers=peers, growth=growth_table), encoding="utf-8")
    print(f"\nWritten to {RESULTS.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
