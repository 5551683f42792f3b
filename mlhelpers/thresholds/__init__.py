"""Decision thresholds, one per label: exact for F1, for costs or under a constraint, guarded for rare labels."""

from mlhelpers.thresholds._classifier import ThresholdedClassifier
from mlhelpers.thresholds._search import fit_thresholds
from mlhelpers.thresholds._thresholds import Thresholds

__all__ = ["ThresholdedClassifier", "Thresholds", "fit_thresholds"]

for _public in (ThresholdedClassifier, Thresholds, fit_thresholds):  # where they are documented and pickled
    _public.__module__ = __name__
