"""Multi-label data sets with official splits."""

from mlhelpers.datasets._dataset import MultilabelDataset
from mlhelpers.datasets._digit_scenes import load_digit_scenes
from mlhelpers.datasets._goemotions import fetch_goemotions

__all__ = ["MultilabelDataset", "fetch_goemotions", "load_digit_scenes"]

MultilabelDataset.__module__ = __name__  # where it is documented and pickled
