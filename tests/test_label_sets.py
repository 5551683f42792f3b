"""From a label matrix back to names."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.preprocessing import MultiLabelBinarizer

from mlhelpers.labels import label_sets

NAMES = ["joy", "anger", "love"]
rows = st.lists(st.lists(st.integers(-1, 1), min_size=3, max_size=3), min_size=1, max_size=6)


@given(rows)
def test_equal_to_the_way_back_of_the_binarizer(Y):
    Y = np.abs(Y)
    expected = MultiLabelBinarizer(classes=NAMES).fit([]).inverse_transform(Y)
    for kind in (np.asarray, sparse.csr_array, sparse.coo_matrix, lambda y: y.astype(bool), lambda y: y.tolist()):
        assert label_sets(kind(Y), NAMES) == expected


@given(rows)
def test_unknown_labels_are_in_no_set_and_unknown_samples_have_none(Y):
    expected = [
        None if set(row) == {-1} else tuple(name for name, y in zip(NAMES, row, strict=True) if y == 1) for row in Y
    ]
    as_nan = np.where(np.array(Y) == -1, np.nan, Y)
    for labels in (Y, as_nan, sparse.csr_array(np.array(Y))):
        assert label_sets(labels, NAMES, allow_missing=True) == expected


def test_names_of_a_frame_are_its_columns():
    frame = pd.DataFrame([[1, 0, 1]], columns=NAMES)
    assert label_sets(frame) == label_sets(frame, NAMES) == [("joy", "love")]
    assert label_sets(frame, ["a", "b", "c"]) == [("a", "c")]
    assert label_sets(pd.DataFrame([[0, 1]], columns=[7, 8])) == [("8",)]


@pytest.mark.parametrize(
    ("Y", "names", "error", "message"),
    [
        ([[1, 0, 1]], None, ValueError, "label_names is not given, and Y has no names of its own for its 3 columns"),
        ([[1, 0, 1]], NAMES[:2], ValueError, "label_names"),
        ([[1, 0, 1]], ["joy", "joy", "love"], ValueError, "label_names"),
        ([[1, 0, 1]], "joy", TypeError, "label_names"),
        (pd.DataFrame([[1, 0, 1]], columns=NAMES), NAMES[::-1], ValueError, "put them into the order of the columns"),
        ([[1, 0, 2]], NAMES, ValueError, "Y holds 2"),
        ([[1, 0, -1]], NAMES, ValueError, "allow_missing=True"),
        ([["joy"], ["love"]], NAMES, TypeError, "MultiLabelBinarizer"),
        ([1, 0, 1], NAMES, ValueError, "shape"),
    ],
)
def test_bad_input(Y, names, error, message):
    with pytest.raises(error, match=message):
        label_sets(Y, names)
