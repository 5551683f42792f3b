"""Digit scenes: the same bytes everywhere, the digits that the labels say, no digit image in two splits."""

import pickle
from hashlib import sha256

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.stats import multivariate_normal, norm
from sklearn.datasets import load_digits
from sklearn.utils import check_random_state

from mlhelpers.datasets import MultilabelDataset, load_digit_scenes

SPLITS = ("train", "val", "test")
ARRAYS = [f"{kind}_{split}" for split in SPLITS for kind in "XY"]
IMAGES, DIGITS = load_digits(return_X_y=True)
INDEX_OF_IMAGE = {image.astype(np.uint8).tobytes(): index for index, image in enumerate(IMAGES)}


def digests(scenes):
    return [sha256(getattr(scenes, name).tobytes()).hexdigest() for name in ARRAYS]


def find_images(X, grid, jitter):
    """Find scikit-learn's digit images in scenes by their pixels alone: (scene, image index, place) of each.

    A cell is either empty or shows exactly one image of the 1,797, unchanged, and no ink besides, so that
    its last row and column, which keep neighbours apart, are blank.
    """
    rows, columns = grid
    side = 8 + jitter + 1
    assert X.shape[1:] == (rows * side, columns * side)
    ink = (X * 16).astype(np.uint8)
    assert np.array_equal(ink / 16, X)
    found = []
    for scene, pixels in enumerate(ink):
        for cell in range(rows * columns):
            top, left = cell // columns * side, cell % columns * side
            inside = pixels[top : top + side, left : left + side]
            if not inside.any():
                continue
            windows = sliding_window_view(inside[:-1, :-1], (8, 8))
            matches = [
                (scene, INDEX_OF_IMAGE[window.tobytes()], (cell, down, right))
                for down, line in enumerate(windows)
                for right, window in enumerate(line)
                if window.tobytes() in INDEX_OF_IMAGE and window.sum() == inside.sum()
            ]
            assert len(matches) == 1
            found += matches
    return found


def test_digit_images_differ_from_each_other():
    # Only so do their pixels tell which image a scene shows, and only so are disjoint indices disjoint images.
    assert len(INDEX_OF_IMAGE) == len(IMAGES) == 1797
    assert IMAGES.any(axis=1).all()


# What a scene is


def test_shapes_dtypes_and_names():
    scenes = load_digit_scenes(7, 5, 3, grid=(2, 3), jitter=2)
    for split, n in zip(SPLITS, (7, 5, 3), strict=True):
        X, Y = getattr(scenes, f"X_{split}"), getattr(scenes, f"Y_{split}")
        assert X.shape == (n, 22, 33) and X.dtype == np.float32
        assert Y.shape == (n, 10) and Y.dtype == np.int8
        assert X.min() == 0 and X.max() == 1
        assert set(np.unique(Y)) == {0, 1}
    assert scenes.label_names == tuple("0123456789")


def test_default_sizes():
    scenes = load_digit_scenes()
    assert [getattr(scenes, name).shape for name in ARRAYS] == [
        *((4000, 20, 20), (4000, 10)),
        *((1000, 20, 20), (1000, 10)),
        *((2000, 20, 20), (2000, 10)),
    ]


@pytest.mark.parametrize(
    ("grid", "jitter"), [((2, 2), 0), ((2, 2), 1), ((1, 1), 2), ((1, 3), 0), ((3, 1), 1), ((2, 5), 3)]
)
def test_scenes_show_the_digits_of_their_labels_and_splits_share_no_image(grid, jitter):
    scenes = load_digit_scenes(150, 150, 150, grid=grid, jitter=jitter, random_state=3)
    used = {}
    for split in SPLITS:
        Y = getattr(scenes, f"Y_{split}")
        found = find_images(getattr(scenes, f"X_{split}"), grid, jitter)
        shown, sources = np.zeros_like(Y), np.full(Y.shape, -1)
        for scene, image, _ in found:
            shown[scene, DIGITS[image]] += 1  # a digit shown twice would give 2
            sources[scene, DIGITS[image]] = image
        np.testing.assert_array_equal(shown, Y)
        np.testing.assert_array_equal(getattr(scenes, f"sources_{split}"), sources)
        used[split] = {image for _, image, _ in found}
    assert not used["train"] & used["val"]
    assert not used["train"] & used["test"]
    assert not used["val"] & used["test"]


def test_splits_divide_the_images_of_every_digit():
    # An image of its split is drawn 12 times on average: six in a million are never seen.
    scenes = load_digit_scenes(4500, 1500, 1500, jitter=0, label_frequencies=[0.35] * 10, dependence=0)
    images = [{image for _, image, _ in find_images(getattr(scenes, f"X_{s}"), (2, 2), 0)} for s in SPLITS]
    assert len(set.union(*images)) == sum(map(len, images))  # disjoint
    for digit, n in enumerate(np.bincount(DIGITS)):
        for split, share in zip(images, (0.6, 0.2, 0.2), strict=True):
            assert len({i for i in split if DIGITS[i] == digit}) == pytest.approx(share * n, abs=1)


def test_another_random_state_divides_the_images_another_way():
    train = load_digit_scenes(400, 1, 1, jitter=0, random_state=0).X_train
    test = load_digit_scenes(1, 1, 400, jitter=0, random_state=1).X_test
    in_train, in_test = ({image for _, image, _ in find_images(X, (2, 2), 0)} for X in (train, test))
    assert in_train & in_test


def test_cells_and_shifts_are_drawn_uniformly():
    X = load_digit_scenes(1500, 1, 1, jitter=1).X_train
    places = np.array([place for _, _, place in find_images(X, (2, 2), 1)])
    # 4 cells with 4 shifts each; the standard error of a share is .0047.
    _, counts = np.unique(places, axis=0, return_counts=True)
    assert len(counts) == 16
    np.testing.assert_allclose(counts / len(places), 1 / 16, atol=0.02)


# The same arguments, the same bytes


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            {},
            [
                "7c863fb66071b5bdca9bfc319371659bd84e445a0b5a5fb3962df8433decb097",
                "a61a525df1cf335f30848f73510e3b2bcc3a0eeaa99436a0a6c984112e8e534a",
                "8af8b04581aa73846d4d66f38c14faf599b116df0d77622c32919573c84fc7df",
                "a0739485d49e607f25c4a37ec49d844723dd08b67bed6c37284200ad7d2d7d26",
                "e1775e7aee97b5292411b452049cbb010cf5bc31bd2148816998909a58f9a88b",
                "d686ec6ed45a311c456e4e1b107bb5d30871a2df2298607a28d20652330aa842",
            ],
        ),
        (
            {"grid": (1, 3), "jitter": 0, "dependence": 0, "random_state": 42},
            [
                "b4e9d951770932fbd0731740d9844d4434eba069c31eb6e0bb6aa86156a5e3c9",
                "ec9d9e4b7cb4ab2f90c41f4117520293d007520fab27420f1547a45f25cef8ec",
                "4c2d89970e5e48e0e28cbd81810bef3d8a19fd9fcc971a9e6199df0720dd0be7",
                "6ac27f61ee716cef917ebd7a7b5b62175b3dd0e3751dd9f6fe9774703612b429",
                "77c15c3042a73b7348e5d859d7ca9e2a3a56149f04b2420642fc79a1a4f807ce",
                "04c12c783a3a2b5667f22b153bc0f4b6dda8207428b39fc9f387e9395d059b50",
            ],
        ),
        (
            {"grid": (3, 2), "jitter": 3, "label_frequencies": [0.3] * 10, "dependence": 0.6, "random_state": 7},
            [
                "622bfdea71d86034c0529a8f2d06083058496155473da9c765bd2773c648c7a1",
                "6e7d351373bc063e8684a4d43f606ddee6ae87ad671f5f5588b7540336ea767b",
                "d3ba48bef74fa7c7e26151037e962722a0a300e904d41bcce1e29ea4184624e5",
                "1e9443d63a27d85f71f355d5d611f85bf6c497ba656180f111ebc3243fe11039",
                "066c99a6bc4b578c980354e6038f3e857126b2f87f3eb7a22ad03566853798db",
                "9337b6120651d1fb5f9c6d27d3348be22a227349f28eb16aab0a6c0616e28893",
            ],
        ),
    ],
)
def test_bytes(arguments, expected):
    # Written down, so that a Python, NumPy, SciPy or scikit-learn that draws other scenes is noticed.
    assert digests(load_digit_scenes(40, 10, 20, **arguments)) == expected


@pytest.mark.parametrize(("n_train", "n_val", "n_test"), [(3000, 20, 30), (50, 1, 30), (50, 20, 1200)])
def test_splits_do_not_depend_on_the_size_of_another(n_train, n_val, n_test):
    sizes, others = (50, 20, 30), (n_train, n_val, n_test)
    scenes, other = load_digit_scenes(*sizes), load_digit_scenes(*others)
    for split, size, other_size in zip(SPLITS, sizes, others, strict=True):
        if size == other_size:
            for kind in "XY":
                np.testing.assert_array_equal(getattr(other, f"{kind}_{split}"), getattr(scenes, f"{kind}_{split}"))


def test_random_state():
    reference = digests(load_digit_scenes(20, 5, 5, random_state=4))
    assert digests(load_digit_scenes(20, 5, 5, random_state=4)) == reference
    assert digests(load_digit_scenes(20, 5, 5, random_state=np.int64(4))) == reference
    generator = np.random.RandomState(4)
    assert digests(load_digit_scenes(20, 5, 5, random_state=generator)) == reference
    others = [generator, 5, None, None]  # a generator moves on, None is new every time
    assert not any(set(digests(load_digit_scenes(20, 5, 5, random_state=state))) & set(reference) for state in others)
    first, second = (digests(load_digit_scenes(20, 5, 5, random_state=None)) for _ in range(2))
    assert first != second


def test_default_random_state_is_zero_and_global_state_is_left_alone():
    before = pickle.dumps(check_random_state(None))
    assert digests(load_digit_scenes(20, 5, 5)) == digests(load_digit_scenes(20, 5, 5, random_state=0))
    assert pickle.dumps(check_random_state(None)) == before


def test_splits_are_not_alike():
    scenes = load_digit_scenes(20, 20, 20)
    assert len(set(digests(scenes))) == 6


# Frequencies and dependence. In a grid of ten cells every label set fits, so that nothing distorts them.


@pytest.mark.parametrize("dependence", [0, 0.3, 0.6, 0.95])
def test_labels_occur_together_as_correlated_normal_variables_do(dependence):
    frequencies = np.array([0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.6, 0.7, 0.8, 0.9])
    arguments = {"grid": (2, 5), "jitter": 0, "dependence": dependence, "label_frequencies": frequencies}
    Y = load_digit_scenes(10_000, 1, 1, **arguments).Y_train.astype(float)
    # The standard error is at most .005 in all of this.
    np.testing.assert_allclose(Y.mean(axis=0), frequencies, atol=0.025)
    for i in range(10):
        for j in range(i):
            sign = 1 if (i - j) % 2 == 0 else -1
            covariance = [[1, sign * dependence], [sign * dependence, 1]]
            both = multivariate_normal([0, 0], covariance).cdf(norm.ppf(frequencies[[i, j]]))
            assert (Y[:, i] * Y[:, j]).mean() == pytest.approx(both, abs=0.025)


def test_dependence_is_seen_in_the_correlations():
    arguments = {"grid": (2, 5), "jitter": 0, "label_frequencies": [0.5] * 10}
    same_parity = np.equal.outer(np.arange(10) % 2, np.arange(10) % 2)
    off_diagonal = ~np.eye(10, dtype=bool)
    for dependence in (0, 0.6):
        Y = load_digit_scenes(10_000, 1, 1, dependence=dependence, **arguments).Y_train
        correlation = np.corrcoef(Y.T)
        # Of two halved normal variables: 2/pi arcsin(r), Sheppard 1899. The standard error is .01.
        expected = 2 / np.pi * np.arcsin(dependence)
        np.testing.assert_allclose(correlation[same_parity & off_diagonal], expected, atol=0.05)
        np.testing.assert_allclose(correlation[~same_parity], -expected, atol=0.05)


def test_default_frequencies_fall_from_zero_to_nine():
    asked = np.array([0.40, 0.33, 0.27, 0.22, 0.18, 0.14, 0.11, 0.08, 0.06, 0.04])
    unhindered = load_digit_scenes(10_000, 1, 1, grid=(2, 5), jitter=0).Y_train.mean(axis=0)
    np.testing.assert_allclose(unhindered, asked, atol=0.025)
    # Four cells hold most label sets; those that are drawn again make all labels a little rarer.
    hindered = load_digit_scenes(10_000, 1, 1, jitter=0).Y_train
    assert hindered.sum(axis=1).max() == 4
    assert asked.sum() - 0.2 < hindered.mean(axis=0).sum() < asked.sum()


def test_frequencies_zero_and_one_give_constant_labels():
    frequencies = [0, 1, 0.5, 0, 0, 0, 0, 0, 0, 1]
    scenes = load_digit_scenes(200, 50, 50, label_frequencies=frequencies, dependence=0.5)
    for split in SPLITS:
        Y = getattr(scenes, f"Y_{split}")
        assert (Y[:, [0, 3, 4, 5, 6, 7, 8]] == 0).all()
        assert (Y[:, [1, 9]] == 1).all()
        assert set(Y[:, 2]) == {0, 1}


def test_scenes_without_any_digit_are_blank():
    scenes = load_digit_scenes(3, 2, 2, label_frequencies=[0] * 10)
    assert not any(getattr(scenes, name).any() for name in ARRAYS)


# What is rejected, and with which words

TENTHS = [0.1] * 10


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        *(
            ({name: value}, error, f"{name} must be {text}")
            for name in ("n_train", "n_val", "n_test")
            for value, error, text in [
                (0, ValueError, "at least 1, got 0"),
                (-4, ValueError, "at least 1, got -4"),
                (2.5, TypeError, "an integer, got 2.5 of type float; use int(...)"),
                (True, TypeError, "an integer, got True of type bool; use int(...)"),
                ("9", TypeError, "an integer, got '9' of type str; use int(...)"),
            ]
        ),
        ({"grid": 4}, ValueError, "grid must be two integers (rows, columns), got 4; for example grid=(2, 2)"),
        ({"grid": (2,)}, ValueError, "grid must be two integers (rows, columns), got (2,); for example grid=(2, 2)"),
        (
            {"grid": (2, 2, 2)},
            ValueError,
            "grid must be two integers (rows, columns), got (2, 2, 2); for example grid=(2, 2)",
        ),
        ({"grid": (0, 2)}, ValueError, "grid[0] must be at least 1, got 0"),
        ({"grid": (2, -1)}, ValueError, "grid[1] must be at least 1, got -1"),
        ({"grid": (2, 2.0)}, TypeError, "grid[1] must be an integer, got 2.0 of type float; use int(...)"),
        ({"grid": "ab"}, TypeError, "grid[0] must be an integer, got 'a' of type str; use int(...)"),
        ({"jitter": -1}, ValueError, "jitter must be at least 0, got -1"),
        ({"jitter": 0.5}, TypeError, "jitter must be an integer, got 0.5 of type float; use int(...)"),
        (
            {"label_frequencies": TENTHS[1:]},
            ValueError,
            "label_frequencies has shape (9,), expected (10,): one frequency per digit 0 to 9",
        ),
        (
            {"label_frequencies": 0.1},
            ValueError,
            "label_frequencies has shape (), expected (10,): one frequency per digit 0 to 9",
        ),
        *(
            (
                {"label_frequencies": [*TENTHS[1:], wrong]},
                ValueError,
                f"label_frequencies must lie in [0, 1], got {[*TENTHS[1:], wrong]}; they are fractions of scenes",
            )
            for wrong in (1.5, -0.1, float("nan"), float("inf"))
        ),
        ({"label_frequencies": "often"}, TypeError, "label_frequencies must be 10 numbers, got 'often'"),
        ({"label_frequencies": ["a"] * 10}, TypeError, f"label_frequencies must be 10 numbers, got {['a'] * 10}"),
        (
            {"label_frequencies": [0.9] * 10},
            ValueError,
            "label_frequencies ask for 9.0 digits per scene on average, too many for the 4 cells of grid=(2, 2); "
            "lower the frequencies or take a larger grid",
        ),
        *(
            (
                {"dependence": wrong},
                ValueError,
                f"dependence must be a number in [0, 1), got {wrong!r}; 0 makes labels independent",
            )
            for wrong in (1, -0.1, float("nan"), "x", None, [0.3])
        ),
        *(
            (
                {"random_state": wrong},
                ValueError,
                "random_state must be an integer from 0 to 2**32 - 1, a numpy.random.RandomState or None, "
                f"got {wrong!r}",
            )
            for wrong in (-1, 2**32, 1.5, "x")
        ),
    ],
)
def test_rejected(arguments, error, message):
    with pytest.raises(error) as caught:
        load_digit_scenes(**{"n_train": 3, "n_val": 2, "n_test": 2, **arguments})
    assert caught.type is error
    assert str(caught.value) == message


# The table


def test_describe():
    dataset = MultilabelDataset(
        X_train=np.zeros((1200, 3, 4), dtype=np.float32),
        Y_train=np.repeat(np.array([[1, 1], [1, 0], [0, 0]], dtype=np.int8), 400, axis=0),
        X_val=np.zeros((2, 3, 4), dtype=np.float32),
        Y_val=np.array([[0, 1], [1, 1]], dtype=np.int8),
        X_test=np.zeros((4, 3, 4), dtype=np.float32),
        Y_test=np.array([[0, 0], [0, 0], [0, 0], [1, 0]], dtype=np.int8),
        label_names=("sky", "sea"),
    )
    assert str(dataset.describe()).splitlines() == [
        "split  samples  pixels  labels per sample  without label  rarest label",
        "train    1,200   3 × 4               1.00          33.3%      sea: 400",
        "val          2   3 × 4               1.50           0.0%        sky: 1",
        "test         4   3 × 4               0.25          75.0%        sea: 0",
    ]
    assert repr(dataset) == str(dataset.describe())
    assert dataset._repr_html_() == dataset.describe()._repr_html_()


def test_describe_colour_images():
    X, Y = np.zeros((2, 3, 4, 3)), np.eye(2, dtype=np.int8)
    dataset = MultilabelDataset(X, Y, X[:0], Y[:0], X[:0], Y[:0], label_names=("sky", "sea"))
    assert str(dataset).splitlines() == [
        "split  samples     pixels  labels per sample  without label  rarest label",
        "train        2  3 × 4 × 3               1.00           0.0%        sky: 1",
    ]
