"""What `bench.py` measures of sparse scores: made data, the peers, and the rows of the page."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy import sparse
from sklearn.metrics import ndcg_score

from mlhelpers.metrics import LabelCounts, label_propensities, ndcg_at_k, precision_at_k
from mlhelpers.thresholds import Thresholds, fit_thresholds

K = 5
Case = tuple[sparse.csr_array, sparse.csr_array]
_DENSE_CELLS = 1 << 24  # rows that the peer makes dense at a time: 128 MiB of scores


def retrieved(n_samples: int, n_labels: int, stored: int, true: int = 5) -> Case:
    """Return labels and scores of which each row stores a few of both signs, those of true labels higher.

    One true label of each row has no score.
    """
    rng = np.random.default_rng(0)
    columns = np.sort(rng.integers(0, n_labels - stored, (n_samples, stored)), axis=1) + np.arange(stored)
    scores = rng.normal(-1, 1, columns.shape)
    found = np.sort(rng.permuted(np.arange(stored))[: true - 1])
    scores[:, found] += 2
    missed = rng.integers(0, n_labels, n_samples)
    rows = np.repeat(np.arange(n_samples), true)
    labels = np.column_stack([columns[:, found], missed]).ravel()
    y_true = sparse.csr_array((np.ones(len(rows), np.int8), (rows, labels)), shape=(n_samples, n_labels))
    starts = np.arange(0, scores.size + 1, stored, dtype=np.int32)
    y_score = sparse.csr_array((scores.ravel(), columns.ravel().astype(np.int32), starts), shape=(n_samples, n_labels))
    return (y_true > 0).astype(np.int8), y_score


def nbytes(*matrices: sparse.csr_array) -> int:
    return sum(part.nbytes for matrix in matrices for part in (matrix.data, matrix.indices, matrix.indptr))


def time_and_share(function: Callable[[], object], *data: sparse.csr_array) -> tuple[float, float]:
    """Return the seconds of one call, and the most memory that another held, as a multiple of the data's."""
    start = time.perf_counter()
    function()
    seconds = time.perf_counter() - start
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak / nbytes(*data)


def dense_blocks(y_true: sparse.csr_array, y_score: sparse.csr_array):
    """Yield dense blocks of rows, with a score below all others where none is stored."""
    step = max(1, _DENSE_CELLS // y_true.shape[1])
    low = y_score.data.min() - 1
    for start in range(0, y_true.shape[0], step):
        scores = y_score[start : start + step]
        block = np.full(scores.shape, low)
        rows = np.repeat(np.arange(block.shape[0]), np.diff(scores.indptr))
        block[rows, scores.indices] = scores.data
        yield y_true[start : start + step].toarray(), block


def ndcg_by_sklearn(y_true: sparse.csr_array, y_score: sparse.csr_array) -> float:
    return sum(ndcg_score(t, s, k=K) * len(t) for t, s in dense_blocks(y_true, y_score)) / y_true.shape[0]


def top_k(y_score: sparse.csr_array, row: int) -> np.ndarray:
    stored = slice(*y_score.indptr[row : row + 2])
    return y_score.indices[stored][np.argsort(-y_score.data[stored])[:K]]


def precision_by_rows(y_true: sparse.csr_array, y_score: sparse.csr_array) -> float:
    """Compute precision at k as napkinXC does: one row after the other, in Python and NumPy."""
    hits = 0
    for row in range(y_true.shape[0]):
        true = set(y_true.indices[slice(*y_true.indptr[row : row + 2])].tolist())
        hits += sum(label in true for label in top_k(y_score, row).tolist())
    return hits / K / y_true.shape[0]


def propensity_scored_by_rows(y_true: sparse.csr_array, y_score: sparse.csr_array, propensity: np.ndarray) -> float:
    worth, gained, best = 1 / propensity, 0.0, 0.0
    for row in range(y_true.shape[0]):
        own = y_true.indices[slice(*y_true.indptr[row : row + 2])]
        true = set(own.tolist())
        gained += sum(worth[label] for label in top_k(y_score, row).tolist() if label in true)
        best += np.sort(worth[own])[::-1][:K].sum()
    return gained / best


def compare_rankings(add_seconds: Callable[[str, float, str, float], None]) -> None:
    """Measure the measures at k beside loops and scikit-learn; the peer of nDCG gets 500 of the rows."""
    y_true, y_score = case = retrieved(100_000, 100_000, 100)
    p = label_propensities(y_true)
    calls = {
        "precision_at_k": (precision_at_k, precision_by_rows, {}),
        "precision_at_k with propensities": (precision_at_k, propensity_scored_by_rows, {"propensity": p}),
    }
    for name, (ours, peer, options) in calls.items():
        start = time.perf_counter()
        expected = peer(*case, **options)
        peer_seconds = time.perf_counter() - start
        np.testing.assert_allclose(ours(*case, K, **options), expected, rtol=1e-9)
        seconds, share = time_and_share(lambda f=ours, o=options: f(*case, K, **o), *case)
        what = f"{name}, k = 5, CSR 100,000 × 100,000 with 100 scores a row ({share:.1f} times the data's memory)"
        add_seconds(what, seconds, "a loop over rows in NumPy, as napkinXC has it", peer_seconds)
    few = slice(500)
    start = time.perf_counter()
    expected = ndcg_by_sklearn(y_true[few], y_score[few])
    peer_seconds = time.perf_counter() - start
    np.testing.assert_allclose(ndcg_at_k(y_true[few], y_score[few], K), expected, rtol=1e-9)
    seconds, share = time_and_share(lambda: ndcg_at_k(y_true[few], y_score[few], K), y_true[few], y_score[few])
    what = "ndcg_at_k, k = 5, CSR 500 × 100,000 with 100 scores a row"
    add_seconds(what, seconds, "scikit-learn ndcg_score of dense blocks of rows", peer_seconds)


def growth_of_sparse() -> list[tuple[str, ...]]:
    """Return seconds, and memory as a multiple of the data's, at three sizes: first n, then scores a row, grow."""
    calls: dict[str, Callable[[sparse.csr_array, sparse.csr_array], object]] = {
        "precision_at_k, CSR": lambda t, s: precision_at_k(t, s, K),
        "ndcg_at_k, CSR": lambda t, s: ndcg_at_k(t, s, K),
        "precision_at_k with propensities, CSR": lambda t, s: precision_at_k(t, s, K, propensity=label_propensities(t)),
    }
    wide = [(25_000, 100_000, 100), (50_000, 100_000, 100), (100_000, 100_000, 100)]
    rows = [_grown(name, "n = 25,000 / 50,000 / 100,000, L = 100,000", call, wide) for name, call in calls.items()]
    wider = [(50_000, 25_000, 100), (50_000, 50_000, 100), (50_000, 100_000, 100)]
    rows += [_grown(name, "L = 25,000 / 50,000 / 100,000, n = 50,000", call, wider) for name, call in calls.items()]
    tall = [(250_000, 10_000, 20), (500_000, 10_000, 20), (1_000_000, 10_000, 20)]
    rows.append(_grown("fit_thresholds, CSR", "n = 250,000 / 500,000 / 1,000,000, L = 10,000", fit_thresholds, tall))
    return rows


def _grown(name: str, sizes: str, call: Callable[..., object], shapes: list[tuple[int, int, int]]) -> tuple[str, ...]:
    cells = []
    for shape in shapes:
        case = retrieved(*shape)
        seconds, share = time_and_share(lambda c=case: call(*c), *case)
        cells.append(f"{seconds * 1e3:,.0f} ms, {share:.1f} × the data")
    print("  ".join((name, sizes, *cells)), flush=True)
    return (name, sizes, *cells)


def counts_over_partitions(n_partitions: int = 8) -> None:
    """Check that counts of partitions, which Dask makes one by one, add up to those of all rows."""
    from dask import delayed

    y_true, y_score = retrieved(200_000, 10_000, 20)
    thresholds: Thresholds = fit_thresholds(y_true, y_score)
    bounds = np.linspace(0, y_true.shape[0], n_partitions + 1).astype(int)

    @delayed
    def count(start: int, stop: int) -> LabelCounts:
        return LabelCounts.from_predictions(y_true[start:stop], thresholds.predict(y_score[start:stop]))

    parts = [count(int(start), int(stop)) for start, stop in pairwise(bounds)]
    total = delayed(sum)(parts).compute(scheduler="threads")
    assert total == LabelCounts.from_predictions(y_true, thresholds.predict(y_score)) == thresholds.counts
