"""The figures with sliders, one function each.

Every function returns an `InteractiveFigure`, which shows itself as the last value of a cell, and
which moves without a kernel: what the sliders change is computed where the figure is shown, from
the numbers that are stored in it. Everything that moves is written out in words and numbers below
the figure, too.

The figures are made with Altair, which ``pip install altair`` installs and Colab has.
"""

from mlhelpers.interactive._averages import explore_averages
from mlhelpers.interactive._calibration import explore_calibration
from mlhelpers.interactive._clipped_loss import explore_clipped_loss
from mlhelpers.interactive._costs import explore_costs
from mlhelpers.interactive._figure import MIME_TYPE, InteractiveFigure
from mlhelpers.interactive._probabilities import explore_probabilities
from mlhelpers.interactive._threshold import explore_threshold

__all__ = [
    "MIME_TYPE",
    "InteractiveFigure",
    "explore_averages",
    "explore_calibration",
    "explore_clipped_loss",
    "explore_costs",
    "explore_probabilities",
    "explore_threshold",
]

for _public in (
    InteractiveFigure,
    explore_averages,
    explore_calibration,
    explore_clipped_loss,
    explore_costs,
    explore_probabilities,
    explore_threshold,
):  # where they are documented and pickled
    _public.__module__ = __name__
