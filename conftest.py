"""Chapters whose data set is not at hand, and can't be fetched, are skipped, each with the reason."""

from __future__ import annotations

from importlib.util import find_spec

import needed_data
import pytest

# Rounds with graders need these, in an environment of their own: `make test-course`.
ROUNDS = {"nbgrader": "tests/test_nbgrader.py", "otter": "tests/test_otter.py"}
collect_ignore = [path for grader, path in ROUNDS.items() if find_spec(grader) is None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the cells of such chapters."""
    for item in items:
        if item.path.suffix == ".ipynb" and (reason := needed_data.reason_to_skip(item.path)):
            item.add_marker(pytest.mark.skip(reason=f"{item.path.stem} needs data: {reason}"))
