"""The label matrix: what is accepted, what is rejected and with which words, and its figures."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
import sklearn.preprocessing
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import sparse

from mlhelpers import labels
from mlhelpers.labels import MISSING, check_labels, cooccurrence, label_summary

PROPERTY = settings(deadline=None, max_examples=25)  # no deadline: the first example also pays for imports
SPARSE_TYPES = [
    getattr(sparse, f"{form}_{kind}")
    for form in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")
    for kind in ("array", "matrix")
]


def matrices(*values):
    """Matrices of the given integers, one row and one label included."""
    shapes = array_shapes(min_dims=2, max_dims=2, max_side=8)
    return shapes.flatmap(lambda shape: arrays(np.int8, shape, elements=st.sampled_from(values)))


def read_only(Y):
    Y = Y.copy()
    Y.flags.writeable = False
    return Y


def nullable(Y, dtype):
    return pd.DataFrame({f"label {j}": pd.array(column, dtype=dtype) for j, column in enumerate(Y.T.tolist())})


def content(source):
    """Return all that an input holds, to see that it stays as it was."""
    return pickle.dumps(source.to_dict() if isinstance(source, pd.DataFrame) else source)


def assert_normal_form(result, expected):
    """Check every promise about a result: type, dtype, values, and canonical CSR if it is sparse."""
    if sparse.issparse(result):
        assert type(result) is sparse.csr_array
        # A new array has no cached flags, so SciPy looks at the indices themselves.
        assert sparse.csr_array((result.data, result.indices, result.indptr), result.shape).has_canonical_format
        assert np.all(result.data != 0)
        dense = result.toarray()
    else:
        assert type(result) is np.ndarray
        dense = result
    assert result.dtype == np.int8
    np.testing.assert_array_equal(dense, expected)


# What is accepted

DENSE_FORMS = {
    **{
        str(np.dtype(t)): lambda Y, t=t: Y.astype(t)
        for t in ("?", "i1", "u1", "i8", "u8", ">i4", "f2", "f4", "f8", "g")
    },
    "object": lambda Y: Y.astype(object),
    "object, of NumPy's booleans": np.frompyfunc(np.bool_, 1, 1),
    "Fortran order": np.asfortranarray,
    "read-only": read_only,
    "every other row, columns reversed": lambda Y: np.repeat(Y, 2, axis=0)[::2, ::-1][:, ::-1],
    "matrix": np.asmatrix,
    "list of lists": lambda Y: Y.tolist(),
    "tuple of arrays": tuple,
    "list of lists of bool": lambda Y: Y.astype(bool).tolist(),
    "DataFrame": pd.DataFrame,
    "DataFrame of bool": lambda Y: pd.DataFrame(Y.astype(bool)),
    "DataFrame of Int8": lambda Y: nullable(Y, "Int8"),
    "DataFrame of boolean": lambda Y: nullable(Y.astype(bool), "boolean"),
    "DataFrame of mixed dtypes": lambda Y: pd.DataFrame(
        {j: column.astype((bool, int, float)[j % 3]) for j, column in enumerate(Y.T)}
    ),
    "DataFrame of sparse columns": lambda Y: pd.DataFrame(Y).astype(pd.SparseDtype(int, 0)),
    "masked array without mask": np.ma.array,
    "masked array with nothing masked": lambda Y: np.ma.array(Y, mask=np.zeros(Y.shape, bool)),
}


@pytest.mark.parametrize("form", DENSE_FORMS.values(), ids=DENSE_FORMS)
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@PROPERTY
@given(Y=matrices(0, 1))
def test_dense_forms(form, Y):
    source = form(Y)
    before = content(source)
    assert_normal_form(check_labels(source), Y)
    assert_normal_form(check_labels(source, allow_missing=True), Y)
    assert content(source) == before


@pytest.mark.parametrize("sparse_type", SPARSE_TYPES, ids=lambda sparse_type: sparse_type.__name__)
@PROPERTY
@given(Y=matrices(0, 1), dtype=st.sampled_from(["?", "i1", "i8", "f8"]))
def test_sparse_forms(sparse_type, dtype, Y):
    source = sparse_type(Y.astype(dtype))
    before = source.copy().tocoo()
    assert_normal_form(check_labels(source), Y)
    assert source.dtype == dtype
    after = source.tocoo()
    for field in ("row", "col", "data"):
        np.testing.assert_array_equal(getattr(after, field), getattr(before, field))


@st.composite
def untidy(draw):
    """Draw a matrix and its entries in any order, with explicit zeros and with ones that are sums."""
    Y = draw(matrices(0, 1))
    entries = [(i, j, 1) for i, j in np.argwhere(Y)]
    anywhere = st.tuples(st.integers(0, Y.shape[0] - 1), st.integers(0, Y.shape[1] - 1))
    for i, j in draw(st.lists(anywhere, max_size=10)):
        entries += draw(st.sampled_from([[(i, j, 0)], [(i, j, 3), (i, j, -3)]]))
    row, column, value = np.array(draw(st.permutations(entries)), dtype=int).reshape(-1, 3).T
    return Y, row, column, value


@PROPERTY
@given(untidy())
def test_untidy_sparse_entries(case):
    Y, row, column, value = case
    coo = sparse.coo_array((value, (row, column)), shape=Y.shape)
    order = np.argsort(row, kind="stable")
    starts = np.searchsorted(row[order], np.arange(len(Y) + 1))
    csr = sparse.csr_array((value[order], column[order], starts), shape=Y.shape)
    for source, parts in ((coo, (coo.data, coo.row, coo.col)), (csr, (csr.data, csr.indices, csr.indptr))):
        for part in parts:
            part.flags.writeable = False
        before = [part.copy() for part in parts]
        assert_normal_form(check_labels(source), Y)
        assert source.nnz == len(value)
        assert all(map(np.array_equal, parts, before))


def test_int8_array_comes_back_as_itself():
    Y = np.array([[1, 0]], dtype=np.int8)
    assert check_labels(Y) is Y


def test_result_of_other_input_is_a_copy():
    Y = sparse.csr_array(np.array([[1, 0]], dtype=np.int8))
    result = check_labels(Y)
    result.data[:] = 0
    assert Y[0, 0] == 1


# Missing labels

MISSING_FORMS = {
    "-1": lambda Y: Y.astype(int),
    "NaN": lambda Y: np.where(Y == MISSING, np.nan, Y),
    "NaN in float32": lambda Y: np.where(Y == MISSING, np.nan, Y).astype(np.float32),
    "None": lambda Y: np.where(Y == MISSING, None, Y),
    "lists with None": lambda Y: [[None if v == MISSING else v for v in row] for row in Y.tolist()],
    "lists with pandas.NA": lambda Y: [[pd.NA if v == MISSING else v for v in row] for row in Y.tolist()],
    "Int8 with pandas.NA": lambda Y: nullable(np.where(Y == MISSING, None, Y), "Int8"),
    "boolean with pandas.NA": lambda Y: nullable(np.where(Y == MISSING, None, Y == 1), "boolean"),
    "DataFrame with NaN": lambda Y: pd.DataFrame(Y).replace(MISSING, np.nan),
    # What lies under a mask is nobody's business.
    "masked integers": lambda Y: np.ma.array(np.where(Y == MISSING, 99, Y), mask=Y == MISSING),
    "masked booleans": lambda Y: np.ma.array(Y != 0, mask=Y == MISSING),
    "masked floats": lambda Y: np.ma.array(np.where(Y == MISSING, 0.5, Y), mask=Y == MISSING),
    "masked objects": lambda Y: np.ma.array(np.where(Y == MISSING, "?", Y.astype(object)), mask=Y == MISSING),
    "CSR with -1": lambda Y: sparse.csr_array(Y),
    "COO with NaN": lambda Y: sparse.coo_matrix(np.where(Y == MISSING, np.nan, Y)),
}


@pytest.mark.parametrize("form", MISSING_FORMS.values(), ids=MISSING_FORMS)
@PROPERTY
@given(Y=matrices(0, 1, MISSING))
def test_missing_labels(form, Y):
    source = form(Y)
    before = content(source)
    assert_normal_form(check_labels(source, allow_missing=True), Y)
    if (Y == MISSING).any():
        i, j = np.argwhere(Y == MISSING)[0]
        with pytest.raises(ValueError, match=rf"(nan|-1) at row {i}, column {j}, .* allow_missing=True"):
            check_labels(source)
    else:
        assert_normal_form(check_labels(source), Y)
    assert content(source) == before


# What is rejected, and with which words

SHAPE = "a label matrix has shape (n_samples, n_labels) and holds 0 and 1"
BINARIZER = "sklearn.preprocessing.MultiLabelBinarizer().fit_transform(...)"
THRESHOLD = "if these are scores, apply a threshold first, as in (targets >= 0.5).astype(int)"
UNKNOWN = "drop or fill the unknown labels, or ask for allow_missing=True where it is offered"
COUNTS = "if these are counts, use (targets > 0).astype(int)"
ANY_VALUE = "turn them into labels first, as in (targets > 0).astype(int)"

REJECTED = {
    "class indices": ([0, 2, 1], ValueError, "has shape (3,)", SHAPE, "label_binarize"),
    "one label for all samples": (
        np.array([0, 1]),
        ValueError,
        "has shape (2,)",
        SHAPE,
        "numpy.reshape(targets, (-1, 1))",
    ),
    "Series": (pd.Series([0, 1]), ValueError, "has shape (2,)", SHAPE, "numpy.reshape(targets, (-1, 1))"),
    "scalar": (1, ValueError, "has shape ()", SHAPE, "numpy.hstack(targets)"),
    "three dimensions": (np.zeros((2, 3, 1)), ValueError, "has shape (2, 3, 1)", SHAPE, "numpy.hstack(targets)"),
    "label sets of equal length": ([["sky", "sea"], ["sea", "sun"]], TypeError, "has dtype <U3", SHAPE, BINARIZER),
    "label sets of different length": (
        [["sky"], ["sea", "sun"]],
        TypeError,
        "rows of different lengths",
        SHAPE,
        BINARIZER,
    ),
    "label sets, one empty": ([[], ["sea"]], TypeError, "rows of different lengths", SHAPE, BINARIZER),
    "indices of different length": ([[1], [0, 2]], TypeError, "rows of different lengths", SHAPE, BINARIZER),
    "indices of equal length": ([[1, 4], [0, 2]], ValueError, "holds 4 at row 0, column 1", SHAPE, BINARIZER),
    "Python sets": ([{"sky"}, {"sea", "sun"}], TypeError, "has dtype object", SHAPE, BINARIZER),
    "Series of lists": (pd.Series([["sky"], ["sea"]]), TypeError, "has dtype object", SHAPE, BINARIZER),
    "names": (["sky", "sea"], TypeError, "has dtype <U3", SHAPE, BINARIZER),
    "one text": ("sky", TypeError, "is of type str", SHAPE, "pass an array"),
    "None": (None, TypeError, "is of type NoneType", SHAPE, "pass an array"),
    "dict": ({"a": [1, 0]}, TypeError, "is of type dict", SHAPE, "pass an array"),
    "empty list": ([], ValueError, "is empty: it has shape (0,)", "pass at least one", "look for the filter"),
    "nearly one": ([[1.0000001]], ValueError, "holds 1.0000001 at row 0", SHAPE, "turn them into labels first"),
    "endless integer": ([[10**400, 1]], ValueError, "holds inf at row 0", SHAPE, "turn them into labels first"),
    "rows of masked arrays": (
        [np.ma.array([1, 0], mask=[0, 1])],
        ValueError,
        "holds nan at row 0, column 1",
        SHAPE,
        "allow_missing=True",
    ),
    "uint8 duplicates beyond 255": (
        sparse.coo_array((np.array([255, 2], np.uint8), ([0, 0], [0, 0])), shape=(1, 2)),
        ValueError,
        "holds 257 at row 0, column 0",
        SHAPE,
        COUNTS,
    ),
    "two": ([[0, 1], [1, 2]], ValueError, "holds 2 at row 1, column 1", SHAPE, COUNTS),
    "255": (np.array([[0, 255]], dtype=np.uint8), ValueError, "holds 255 at row 0, column 1", SHAPE, COUNTS),
    "score": ([[0.5, 1]], ValueError, "holds 0.5 at row 0, column 0", SHAPE, THRESHOLD),
    "above one": ([[0, 1.5]], ValueError, "holds 1.5 at row 0, column 1", SHAPE, ANY_VALUE),
    "logit": ([[0, -2.5]], ValueError, "holds -2.5 at row 0, column 1", SHAPE, ANY_VALUE),
    "minus one": ([[0, -1]], ValueError, "holds -1 at row 0, column 1", SHAPE, UNKNOWN),
    "NaN": ([[0, np.nan]], ValueError, "holds nan at row 0, column 1", SHAPE, UNKNOWN),
    "infinity": ([[np.inf, 0]], ValueError, "holds inf at row 0, column 0", SHAPE, ANY_VALUE),
    "minus infinity": ([[-np.inf, 0]], ValueError, "holds -inf at row 0, column 0", SHAPE, ANY_VALUE),
    "masked": (np.ma.array([[0, 1]], mask=[[0, 1]]), ValueError, "holds nan at row 0, column 1", SHAPE, UNKNOWN),
    "pandas.NA": (nullable(np.array([[1, None]]), "Int8"), ValueError, "holds nan at row 0, column 1", SHAPE, UNKNOWN),
    "no samples": (np.zeros((0, 3)), ValueError, "shape (0, 3)", "no samples (rows)", "pass at least one"),
    "no labels": ([[], []], ValueError, "shape (2, 0)", "no labels (columns)", "look for the filter that removed them"),
    "text": (np.array([["0", "1"]]), TypeError, "holds text", SHAPE, "astype(int)"),
    "masked text": (np.ma.array([["a", "b"]], mask=[[0, 1]]), TypeError, "has dtype <U1", SHAPE, BINARIZER),
    "DataFrame of text": (
        pd.DataFrame([[1, "sky"]]),
        TypeError,
        "holds 'sky' of type str at row 0, column 1",
        SHAPE,
        BINARIZER,
    ),
    "DataFrame of lists": (
        pd.DataFrame({0: [["sky"]]}),
        TypeError,
        "holds ['sky'] of type list at row 0, column 0",
        SHAPE,
        BINARIZER,
    ),
    "complex": (np.array([[1j, 0]]), TypeError, "has dtype complex128", SHAPE, BINARIZER),
    "masked complex": (np.ma.array([[1j, 0]], mask=[[0, 1]]), TypeError, "has dtype complex128", SHAPE, BINARIZER),
    "dates": (np.array([["2020-01-01"]], dtype="M8[D]"), TypeError, "has dtype datetime64[D]", SHAPE, BINARIZER),
    "sparse two": (sparse.csr_array([[0, 0], [0, 2]]), ValueError, "holds 2 at row 1, column 1", SHAPE, COUNTS),
    "sparse score": (sparse.csc_array([[0, 0.5]]), ValueError, "holds 0.5 at row 0, column 1", SHAPE, THRESHOLD),
    "sparse minus one": (sparse.lil_array([[0, -1]]), ValueError, "holds -1 at row 0, column 1", SHAPE, UNKNOWN),
    "sparse NaN": (sparse.dok_array([[0, np.nan]]), ValueError, "holds nan at row 0, column 1", SHAPE, UNKNOWN),
    "sparse infinity": (sparse.coo_array([[0, np.inf]]), ValueError, "holds inf at row 0, column 1", SHAPE, ANY_VALUE),
    "sparse duplicates": (
        sparse.coo_array(([1, 1], ([0, 0], [2, 2])), shape=(1, 3)),
        *(ValueError, "holds 2 at row 0, column 2", SHAPE, COUNTS),
    ),
    "sparse complex": (
        sparse.csr_array([[1j, 0]]),
        *(TypeError, "has dtype complex128", SHAPE, "turn it into labels first, as in (targets != 0).astype(int)"),
    ),
    "sparse without samples": (
        sparse.csr_array((0, 3)),
        ValueError,
        "shape (0, 3)",
        "no samples (rows)",
        "pass at least one",
    ),
    "sparse without labels": (
        sparse.csr_array((2, 0)),
        ValueError,
        "shape (2, 0)",
        "no labels (columns)",
        "pass at least one",
    ),
}


@pytest.mark.parametrize(("Y", "error", "came", "expected", "way_out"), REJECTED.values(), ids=REJECTED)
def test_rejected(Y, error, came, expected, way_out):
    with pytest.raises(error) as caught:
        check_labels(Y, name="targets")
    assert caught.type is error
    message = str(caught.value)
    assert message.startswith("targets ")
    for part in (came, expected, way_out):
        assert part in message


@pytest.mark.parametrize("shape", [(2,), (2, 3, 1)])
def test_sparse_arrays_without_two_dimensions(shape):
    pytest.importorskip("scipy", minversion="1.15", reason="COO arrays had two dimensions until then")
    with pytest.raises(ValueError, match=re.escape(f"Y has shape {shape}, but {SHAPE}")):
        check_labels(sparse.coo_array(np.ones(shape)))


@pytest.mark.parametrize("wrong", [2, -2, 0.5, np.inf])
@pytest.mark.parametrize("form", [np.array, sparse.csr_array])
def test_allow_missing_still_rejects_other_values(form, wrong):
    with pytest.raises(ValueError, match=f"Y holds {wrong:g} at row 1, column 0"):
        check_labels(form([[-1, np.nan], [wrong, 1]]), allow_missing=True)


@pytest.mark.parametrize(
    ("Y", "advice"),
    [
        ([0, 1, 1], "numpy.reshape(Y, (-1, 1))"),
        (pd.Series([0, 1, 1]), "numpy.reshape(Y, (-1, 1))"),
        ([["sky"], ["sea", "sun"]], BINARIZER),
        ([["sky", "sea"], ["sea", "sun"]], BINARIZER),
        ([{"sky"}, {"sea", "sun"}], BINARIZER),
        ([[1, 4], [0, 2]], BINARIZER),
        (np.array([[0.2, 0.9]]), "(Y >= 0.5).astype(int)"),
        (pd.DataFrame([[0, 3]]), "(Y > 0).astype(int)"),
        (sparse.csr_array([[0, 3]]), "(Y > 0).astype(int)"),
        (np.array([[-2.5, 3.1]]), "(Y > 0).astype(int)"),
        (sparse.csr_array([[1j, 0]]), "(Y != 0).astype(int)"),
    ],
)
def test_the_way_out_leads_out(Y, advice):
    with pytest.raises((TypeError, ValueError), match=re.escape(advice)):
        check_labels(Y)
    check_labels(eval(advice.replace("...", "Y"), {"Y": Y, "numpy": np, "sklearn": sklearn}))


@PROPERTY
@given(
    Y=array_shapes(min_dims=2, max_dims=2, max_side=5).flatmap(
        lambda shape: arrays(float, shape, elements=st.one_of(st.sampled_from([0.0, 1.0]), st.floats()))
    ),
    allow_missing=st.booleans(),
)
def test_accepts_zero_and_one_and_nothing_else(Y, allow_missing):
    good = np.isin(Y, [0, 1]) | (allow_missing & (np.isnan(Y) | (Y == MISSING)))
    if good.all():
        assert_normal_form(check_labels(Y, allow_missing=allow_missing), np.nan_to_num(Y, nan=MISSING))
        return
    messages = set()
    # Dense and sparse must name the same place: the first in reading order.
    for form in (Y, sparse.csr_array(Y), sparse.coo_array(Y), sparse.csc_matrix(Y)):
        with pytest.raises(ValueError, match="row {}, column {},".format(*np.argwhere(~good)[0])) as caught:
            check_labels(form, allow_missing=allow_missing)
        messages.add(str(caught.value))
    assert len(messages) == 1


# Figures


def test_label_summary_by_hand():
    Y = [[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]]
    summary = label_summary(Y)
    assert (summary.n_samples, summary.n_labels, summary.n_label_sets, summary.n_empty) == (5, 4, 4, 1)
    assert summary.cardinality == 7 / 5
    assert summary.density == pytest.approx(7 / 20)
    np.testing.assert_array_equal(summary.count, [4, 1, 2, 0])
    np.testing.assert_allclose(summary.frequency, [0.8, 0.2, 0.4, 0])
    np.testing.assert_array_equal(summary.imbalance_ratio, [1, 4, 2, np.inf])
    assert summary.mean_imbalance_ratio == np.inf
    assert label_summary(np.array(Y)[:, :3]).mean_imbalance_ratio == pytest.approx(7 / 3)
    assert str(summary).splitlines() == [
        "label matrix                               value",
        "samples                                        5",
        "labels                                         4",
        "label cardinality (labels per sample)      1.400",
        "label density                              0.350",
        "distinct label sets                            4",
        "samples without a label                1 (20.0%)",
        "rarest label: frequency                    0.000",
        "most frequent label: frequency             0.800",
        "mean imbalance ratio                         inf",
    ]
    assert summary == summary != label_summary(Y)  # two summaries hold arrays, so they aren't compared by value
    with pytest.raises(AttributeError, match="cardinality"):
        summary.cardinality = 2


def test_label_summary_without_any_label():
    summary = label_summary(np.zeros((3, 2)))
    assert (summary.cardinality, summary.n_label_sets, summary.n_empty) == (0, 1, 3)
    assert np.all(summary.imbalance_ratio == np.inf)


@PROPERTY
@given(matrices(0, 1))
def test_label_summary_of_any_matrix(Y):
    dense, from_sparse = label_summary(Y), label_summary(sparse.coo_array(Y))
    for field, value in vars(dense).items():
        np.testing.assert_array_equal(getattr(from_sparse, field), value, err_msg=field)
    assert dense.n_label_sets == len(set(map(tuple, Y.tolist())))
    assert dense.n_empty == sum(not any(row) for row in Y.tolist())
    assert dense.cardinality == pytest.approx(Y.sum(axis=1).mean())
    assert dense.density == pytest.approx(Y.mean())
    np.testing.assert_array_equal(dense.count, Y.sum(axis=0))
    np.testing.assert_allclose(dense.frequency, Y.mean(axis=0))
    assert dense.count.dtype == np.int64


def test_label_sets_are_told_apart_beyond_one_byte():
    Y = np.eye(20, dtype=int)[[0, 8, 8, 19]]
    assert label_summary(Y).n_label_sets == label_summary(sparse.csr_array(Y)).n_label_sets == 3


@PROPERTY
@given(matrices(0, 1))
def test_cooccurrence_is_the_matrix_product(Y):
    expected = Y.T.astype(np.int64) @ Y
    for form in (Y, sparse.csr_array(Y), sparse.lil_matrix(Y)):
        counts = cooccurrence(form)
        assert type(counts) is np.ndarray and counts.dtype == np.int64
        np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize("n", [127, 128, 255, 256, 70_000])
@pytest.mark.parametrize("form", [np.array, sparse.csr_array])
def test_counts_do_not_overflow(form, n):
    Y = form(np.ones((n, 2), dtype=np.int8))
    np.testing.assert_array_equal(cooccurrence(Y), [[n, n], [n, n]])
    np.testing.assert_array_equal(label_summary(Y).count, [n, n])


@pytest.mark.parametrize("rows_per_block", [1, 3, 7, 8, 100])
def test_cooccurrence_adds_up_its_blocks(monkeypatch, rows_per_block):
    Y = np.random.RandomState(0).randint(2, size=(24, 5))
    monkeypatch.setattr(labels._matrix, "_ROWS_PER_BLOCK", rows_per_block)
    np.testing.assert_array_equal(cooccurrence(Y), Y.T @ Y)


@PROPERTY
@given(matrices(0, 1, MISSING), st.sampled_from([sparse.csr_array, sparse.coo_matrix, lambda Y: Y]))
def test_figures_leave_out_what_is_unknown(Y, form):
    summary = label_summary(form(Y), allow_missing=True)
    per_label = [column[column != MISSING] for column in Y.T]
    frequency = np.array([column.mean() if column.size else np.nan for column in per_label])
    np.testing.assert_array_equal(summary.count, [column.sum() for column in per_label])
    np.testing.assert_allclose(summary.frequency, frequency)
    np.testing.assert_allclose(summary.cardinality, frequency.sum())  # NaN if one of them is
    np.testing.assert_allclose(summary.density, frequency.mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(frequency == 0, np.inf, np.nanmax([0, *frequency]) / frequency)
    np.testing.assert_allclose(summary.imbalance_ratio, ratio)
    np.testing.assert_allclose(summary.mean_imbalance_ratio, ratio.mean())
    complete = Y[(Y != MISSING).all(axis=1)]
    assert (summary.n_unknown, summary.n_complete) == ((Y == MISSING).sum(), len(complete))
    assert summary.n_label_sets == len(set(map(tuple, complete.tolist())))
    assert summary.n_empty == (~complete.any(axis=1)).sum()
    together = [[((a == 1) & (b == 1)).sum() for a in Y.T] for b in Y.T]
    np.testing.assert_array_equal(cooccurrence(form(Y), allow_missing=True), together)
    assert (str(summary) and "unknown" in str(summary)) or not summary.n_unknown


@PROPERTY
@given(matrices(0, 1))
def test_figures_of_complete_labels_need_no_keyword(Y):
    for field, value in vars(label_summary(Y)).items():
        np.testing.assert_array_equal(getattr(label_summary(Y, allow_missing=True), field), value, err_msg=field)
    np.testing.assert_array_equal(cooccurrence(Y), cooccurrence(Y, allow_missing=True))
    assert "unknown" not in str(label_summary(Y, allow_missing=True))


def test_label_summary_says_what_is_unknown():
    Y = [[1, 0, None], [0, 0, 0], [1, 1, np.nan], [1, 0, -1], [1, 0, 1], [0, None, 0]]
    assert str(label_summary(Y, allow_missing=True)).splitlines() == [
        "label matrix                               value",
        "samples                                        6",
        "labels                                         3",
        "label cardinality (labels per sample)      1.200",
        "label density                              0.400",
        "unknown cells                          4 (22.2%)",
        "samples without an unknown cell                2",
        "distinct label sets, of these                  2",
        "samples without a label, of these      1 (50.0%)",
        "rarest label: frequency                    0.200",
        "most frequent label: frequency             0.667",
        "mean imbalance ratio                        2.11",
    ]
    nothing_known = str(label_summary([[1, None], [0, None]], allow_missing=True)).splitlines()
    assert [line.split()[-1] for line in nothing_known[3:]] == ["–", "–", "(50.0%)", "0", "–", "–", "–", "–", "–"]


@pytest.mark.parametrize("function", [label_summary, cooccurrence])
@pytest.mark.parametrize("Y", [[[0, 2]], [[0, np.nan]], [[0, -1]], [0, 1]])
def test_figures_need_a_label_matrix(function, Y):
    with pytest.raises(ValueError, match=r"^Y (holds|has shape)"):
        function(Y)


def test_unsigned_numbers_beyond_63_bits_are_not_unknown():
    with pytest.raises(ValueError, match="holds 18446744073709551615 at row 0, column 1"):
        check_labels(sparse.csr_array(np.array([[1, 2**64 - 1]], np.uint64)), allow_missing=True)
