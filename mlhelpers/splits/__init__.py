"""Divide samples so that every part has its share of every label, and see what a division did."""

from mlhelpers.splits._arguments import check_same_length as check_same_length  # by these names for other subjects
from mlhelpers.splits._arguments import take_rows as take_rows
from mlhelpers.splits._folds import MultilabelGroupKFold, MultilabelKFold, RepeatedMultilabelKFold
from mlhelpers.splits._parts import MultilabelShuffleSplit, multilabel_train_test_split
from mlhelpers.splits._report import SplitReport, split_report

__all__ = [
    "MultilabelGroupKFold",
    "MultilabelKFold",
    "MultilabelShuffleSplit",
    "RepeatedMultilabelKFold",
    "SplitReport",
    "multilabel_train_test_split",
    "split_report",
]

for _public in (  # where they are documented and pickled
    MultilabelGroupKFold,
    MultilabelKFold,
    MultilabelShuffleSplit,
    RepeatedMultilabelKFold,
    SplitReport,
    multilabel_train_test_split,
    split_report,
):
    _public.__module__ = __name__
