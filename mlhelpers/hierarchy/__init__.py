"""Labels with parents: who carries a label carries its ancestors; consistent scores; measures for each level."""

from mlhelpers.hierarchy._consistency import consistent_scores, with_ancestors
from mlhelpers.hierarchy._hierarchy import Hierarchy
from mlhelpers.hierarchy._levels import LevelReport, evaluate_levels

__all__ = ["Hierarchy", "LevelReport", "consistent_scores", "evaluate_levels", "with_ancestors"]

for _public in (
    Hierarchy,
    LevelReport,
    consistent_scores,
    evaluate_levels,
    with_ancestors,
):  # documented here
    _public.__module__ = __name__
