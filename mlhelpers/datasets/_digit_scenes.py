"""Digit scenes: a small multi-label problem made of real handwritten digits."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from sklearn.datasets import load_digits
from sklearn.utils import check_random_state

from mlhelpers._validation import whole_number
from mlhelpers.datasets._dataset import SPLITS, MultilabelDataset

_DIGIT_SHARES = (0.6, 0.2, 0.2)  # of the digit images, in the order of SPLITS
_DIGIT_SIZE, _MARGIN = 8, 1  # pixels
_N_DIGITS = 10
_LABEL_FREQUENCIES = (0.40, 0.33, 0.27, 0.22, 0.18, 0.14, 0.11, 0.08, 0.06, 0.04)
_SIGNS = np.where(np.arange(_N_DIGITS) % 2 == 0, 1.0, -1.0)  # even digits attract even digits
_LEAST_ACCEPTANCE = 0.05


def load_digit_scenes(
    n_train: int = 4000,
    n_val: int = 1000,
    n_test: int = 2000,
    *,
    grid: tuple[int, int] = (2, 2),
    jitter: int = 1,
    label_frequencies: ArrayLike | None = None,
    dependence: float = 0.3,
    random_state: int | np.random.RandomState | None = 0,
) -> MultilabelDataset:
    """Compose images that show several handwritten digits; the labels are which digits occur.

    The 1,797 digit images that scikit-learn ships [1]_ are divided, digit by digit, into 60 %
    for the training scenes, 20 % for validation and 20 % for test, so that no image of a digit
    is seen in two splits. Each scene is a grid of cells; every digit of its label set stands in
    a cell of its own, and the other cells stay empty.

    Parameters
    ----------
    n_train, n_val, n_test : int, default=4000, 1000, 2000
        Scenes per split, at least 1. The scenes of one split do not depend on the size of another.
    grid : (int, int), default=(2, 2)
        Rows and columns of cells. A scene shows at most ``rows * columns`` digits.
    jitter : int, default=1
        A cell is ``9 + jitter`` pixels wide and high: the digit, room to move, and one blank
        pixel that keeps neighbours apart. Each digit is moved by 0 to `jitter` pixels down and
        to the right, drawn uniformly.
    label_frequencies : sequence of 10 floats in [0, 1], optional
        How often the digits 0 to 9 occur. Label sets too large for the grid are drawn again,
        so the scenes show less than is asked for: a little with the default, .35 where .5 is
        asked for every digit on four cells. Default: from .40 for the digit 0
        down to .04 for the digit 9.
    dependence : float in [0, 1), default=0.3
        Correlation of the normal variables behind the labels: two digits of the same parity
        (both even or both odd) attract each other with this strength, two of different parity
        repel each other with it. 0 makes the labels independent.
    random_state : int, RandomState instance or None, default=0
        The same int gives the same bytes on every supported Python and NumPy. None draws new
        scenes every time and leaves NumPy's global state alone.

    Returns
    -------
    MultilabelDataset
        ``X`` of shape (n, rows * (9 + jitter), columns * (9 + jitter)), float32 in [0, 1];
        ``Y`` of shape (n, 10), int8; ``sources`` of shape (n, 10), int64: the row of
        `sklearn.datasets.load_digits` that each digit of a scene is, -1 where the digit is absent.
        There are fewer pictures than scenes, so every picture is in many scenes of its split.

    Raises
    ------
    ValueError
        If an argument is out of range, or if nearly all label sets are too large for the grid.
    TypeError
        If a size is not an integer.

    Notes
    -----
    A label occurs where a standard normal variable falls below the quantile of its frequency,
    and the variables share one factor with loadings of plus and minus the square root of
    `dependence`. That is the method of [2]_ for correlated binary variables with given means.

    References
    ----------
    .. [1] Alpaydin and Kaynak (1998), "Optical recognition of handwritten digits",
       UCI Machine Learning Repository, doi:10.24432/C50P49.
    .. [2] Emrich and Piedmonte (1991), "A method for generating high-dimensional multivariate
       binary variates", The American Statistician 45(4), doi:10.1080/00031305.1991.10475828.

    Examples
    --------
    >>> scenes = load_digit_scenes(n_train=100, n_val=50, n_test=50)
    >>> scenes.X_train.shape, scenes.X_train.dtype, scenes.Y_train.shape
    ((100, 20, 20), dtype('float32'), (100, 10))
    >>> [scenes.label_names[i] for i in scenes.Y_train[0].nonzero()[0]]
    ['0']
    """
    sizes = [whole_number(n, name, least=1) for n, name in ((n_train, "n_train"), (n_val, "n_val"), (n_test, "n_test"))]
    cells = _grid(grid)
    jitter = whole_number(jitter, "jitter", least=0)
    frequencies = _frequencies(label_frequencies)
    if not (isinstance(dependence, numbers.Real) and 0 <= dependence < 1):
        raise ValueError(f"dependence must be a number in [0, 1), got {dependence!r}; 0 makes labels independent")
    try:
        rng = np.random.RandomState() if random_state is None else check_random_state(random_state)
    except ValueError:
        raise ValueError(
            "random_state must be an integer from 0 to 2**32 - 1, a numpy.random.RandomState or None, "
            f"got {random_state!r}"
        ) from None

    images, digits = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, _DIGIT_SIZE, _DIGIT_SIZE)
    pools = _divide(digits, rng)
    seeds = (rng.random_sample(len(SPLITS)) * 2**32).astype(np.uint32)
    parts: dict[str, Any] = {}
    for split, pool, n, seed in zip(SPLITS, pools, sizes, seeds, strict=True):
        split_rng = np.random.RandomState(seed)
        Y = _draw_labels(split_rng, n, frequencies, float(dependence), cells)
        X, sources = _compose(split_rng, Y, images, digits, pool, cells, jitter)
        parts |= {f"X_{split}": X, f"Y_{split}": Y, f"sources_{split}": sources}
    return MultilabelDataset(**parts, label_names=tuple(str(digit) for digit in range(_N_DIGITS)))


def _grid(grid: Any) -> tuple[int, int]:
    try:
        rows, columns = grid
    except (TypeError, ValueError):
        raise ValueError(f"grid must be two integers (rows, columns), got {grid!r}; for example grid=(2, 2)") from None
    return whole_number(rows, "grid[0]", least=1), whole_number(columns, "grid[1]", least=1)


def _frequencies(label_frequencies: Any) -> NDArray[np.float64]:
    try:
        values = np.asarray(_LABEL_FREQUENCIES if label_frequencies is None else label_frequencies, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"label_frequencies must be {_N_DIGITS} numbers, got {label_frequencies!r}") from None
    if values.shape != (_N_DIGITS,):
        raise ValueError(
            f"label_frequencies has shape {values.shape}, expected ({_N_DIGITS},): one frequency per digit 0 to 9"
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"label_frequencies must lie in [0, 1], got {values.tolist()}; they are fractions of scenes")
    return values


# Only random_sample is drawn from: the stream of RandomState is frozen, and floats are the same
# on every platform, where integers follow the platform's C long.


def _divide(digits: NDArray[Any], rng: np.random.RandomState) -> list[NDArray[np.intp]]:
    """Divide the digit images, class by class, into one pool of image indices per split."""
    shuffled = np.argsort(rng.random_sample(len(digits)), kind="stable")
    pools: list[list[NDArray[np.intp]]] = [[] for _ in SPLITS]
    for digit in range(_N_DIGITS):
        members = shuffled[digits[shuffled] == digit]
        ends = np.round(np.cumsum(_DIGIT_SHARES)[:-1] * len(members)).astype(int)
        for pool, part in zip(pools, np.split(members, ends), strict=True):
            pool.append(part)
    return [np.concatenate(pool) for pool in pools]


def _draw_labels(
    rng: np.random.RandomState, n: int, frequencies: NDArray[np.float64], dependence: float, cells: tuple[int, int]
) -> NDArray[np.int8]:
    """Draw label sets that fit into the cells."""
    most = cells[0] * cells[1]
    kept = np.empty((0, _N_DIGITS), dtype=np.int8)
    while len(kept) < n:
        normal = ndtri(rng.random_sample((max(n - len(kept), 1000), _N_DIGITS + 1)))
        latent = np.sqrt(dependence) * _SIGNS * normal[:, :1] + np.sqrt(1 - dependence) * normal[:, 1:]
        drawn = (latent < ndtri(frequencies)).astype(np.int8)
        fitting = drawn[drawn.sum(axis=1) <= most]
        if len(fitting) < _LEAST_ACCEPTANCE * len(drawn):
            raise ValueError(
                f"label_frequencies ask for {frequencies.sum():.1f} digits per scene on average, too many for "
                f"the {most} cells of grid={cells}; lower the frequencies or take a larger grid"
            )
        kept = np.concatenate([kept, fitting])
    return kept[:n]


def _compose(
    rng: np.random.RandomState,
    Y: NDArray[np.int8],
    images: NDArray[np.float32],
    digits: NDArray[Any],
    pool: NDArray[np.intp],
    cells: tuple[int, int],
    jitter: int,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Place one image of each digit in Y, taken from the pool, in a random cell of its scene; return which, too."""
    rows, columns = cells
    side = _DIGIT_SIZE + jitter + _MARGIN
    scene, digit = np.nonzero(Y)
    nth_in_scene = (np.cumsum(Y, axis=1) - 1)[scene, digit]
    cell = np.argsort(rng.random_sample((len(Y), rows * columns)), axis=1, kind="stable")[scene, nth_in_scene]
    which, down, right = rng.random_sample((3, len(scene)))

    pool = pool[np.argsort(digits[pool], kind="stable")]
    start = np.searchsorted(digits[pool], np.arange(_N_DIGITS + 1))
    image = pool[start[digit] + (which * np.diff(start)[digit]).astype(int)]
    top = cell // columns * side + (down * (jitter + 1)).astype(int)
    left = cell % columns * side + (right * (jitter + 1)).astype(int)

    X = np.zeros((len(Y), rows * side, columns * side), dtype=np.float32)
    pixel = np.arange(_DIGIT_SIZE)
    X[
        scene[:, None, None],
        top[:, None, None] + pixel[:, None],
        left[:, None, None] + pixel,
    ] = images[image]
    sources = np.full(Y.shape, -1)
    sources[scene, digit] = image
    return X, sources
