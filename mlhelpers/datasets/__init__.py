"""Multi-label data sets with official splits."""

from mlhelpers.datasets._dataset import MultilabelDataset
from mlhelpers.datasets._digit_scenes import load_digit_scenes
from mlhelpers.datasets._goemotions import fetch_goemotions
from mlhelpers.datasets._goemotions_scores import GoEmotionsScores, goemotions_scores
from mlhelpers.datasets._mulan import fetch_emotions, fetch_scene, fetch_yeast

__all__ = [
    "GoEmotionsScores",
    "MultilabelDataset",
    "fetch_emotions",
    "fetch_goemotions",
    "fetch_scene",
    "fetch_yeast",
    "goemotions_scores",
    "load_digit_scenes",
]

for _public in (GoEmotionsScores, MultilabelDataset):  # where they are documented and pickled
    _public.__module__ = __name__
