"""Probabilities that mean what they say: how far they are from it, and maps that mend them, label by label."""

from mlhelpers.calibration._maps import Calibration, fit_calibration
from mlhelpers.calibration._report import CalibrationReport, ReliabilityBins, calibration_report

__all__ = ["Calibration", "CalibrationReport", "ReliabilityBins", "calibration_report", "fit_calibration"]

for _public in (Calibration, CalibrationReport, ReliabilityBins):  # where they are documented and pickled
    _public.__module__ = __name__
