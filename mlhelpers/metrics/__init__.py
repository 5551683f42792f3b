"""Additive counts per label, the figures that are read from them, and a report of all of them."""

from mlhelpers.metrics._comparison import Comparison, compare
from mlhelpers.metrics._counts import LabelCounts, macro_f1
from mlhelpers.metrics._propensity import label_propensities
from mlhelpers.metrics._ranking import ndcg_at_k, precision_at_k, recall_at_k
from mlhelpers.metrics._report import Report, evaluate

__all__ = [
    "Comparison",
    "LabelCounts",
    "Report",
    "compare",
    "evaluate",
    "label_propensities",
    "macro_f1",
    "ndcg_at_k",
    "precision_at_k",
    "recall_at_k",
]

for _public in (Comparison, LabelCounts, Report):  # where they are documented and pickled
    _public.__module__ = __name__
