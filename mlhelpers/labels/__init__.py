"""The label matrix: check it, summarise it, count which labels occur together, name its labels, collect its scores."""

from mlhelpers.labels._estimator_scores import check_classes as check_classes  # by these names for other subjects
from mlhelpers.labels._estimator_scores import decides as decides
from mlhelpers.labels._estimator_scores import scores_matrix
from mlhelpers.labels._matrix import MISSING, LabelMatrix, LabelSummary, check_labels, cooccurrence, label_summary
from mlhelpers.labels._matrix import as_numeric as as_numeric
from mlhelpers.labels._matrix import axis_sums as axis_sums
from mlhelpers.labels._matrix import check_shape as check_shape
from mlhelpers.labels._matrix import split_unknown as split_unknown
from mlhelpers.labels._sets import label_sets

__all__ = [
    "MISSING",
    "LabelMatrix",
    "LabelSummary",
    "check_labels",
    "cooccurrence",
    "label_sets",
    "label_summary",
    "scores_matrix",
]

for _public in (LabelSummary, check_labels, cooccurrence, label_sets, label_summary, scores_matrix):  # documented here
    _public.__module__ = __name__
