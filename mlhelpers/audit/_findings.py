"""What a finding is, and the register of the rules."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from mlhelpers.tables import ShownAsTable, Table

Found: TypeAlias = "Iterator[tuple[str, str, str]]"
"""What a rule yields: severity, message and fix."""


@dataclass(frozen=True)
class Finding:
    """One mistake that `audit` found.

    Attributes
    ----------
    code : str
        A key of `RULES`, such as "ML103". A code keeps its meaning.
    severity : {"error", "warning", "info"}
        "error": the wrong thing is trained or reported. "warning": it is, under circumstances
        that the message names. "info": worth knowing.
    message : str
        What was found, and what comes of it.
    fix : str
        What to write in its place.
    link : str
        The section of the book's page of traps, relative to the built book.
    """

    code: str
    severity: str
    message: str
    fix: str
    link: str


class Findings(ShownAsTable, list[Finding]):
    """A list of `Finding` that prints as a table."""

    def _table(self) -> Table:
        rows = [(finding.code, f"{finding.severity}: {finding.message}", finding.fix) for finding in self]
        return Table(("code", "what", "fix"), rows or [("none", "no findings", "")])

    def __repr__(self) -> str:
        lines = []
        for finding in self:
            start, indent = f"{finding.code}  {finding.severity:9}", " " * 16
            lines.append(_wrapped(finding.message, start, indent))
            lines.append(_wrapped(f"Fix: {finding.fix}", indent, indent))
        return "\n".join(lines) or "no findings"

    def _repr_html_(self) -> str:
        # Names of classes are long: without a break inside them a phone would have to scroll sideways.
        return self._table()._repr_html_().replace("<td>", '<td style="overflow-wrap: anywhere; text-align: left">')


def _wrapped(text: str, start: str, indent: str) -> str:
    wrapper = textwrap.TextWrapper(88, start, indent)
    wrapper.break_on_hyphens = wrapper.break_long_words = False  # a name that is broken can't be copied
    return wrapper.fill(text)


@contextmanager
def unchanged_generators() -> Iterator[None]:
    """Put the random generators of Python and NumPy back to where they were."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (the one that a user's score draws from)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


TITLES: dict[str, str] = {}
CHECKS: dict[str, Callable[[Any], Found]] = {}


def rule(code: str, title: str) -> Callable[[Callable[[Any], Found]], Callable[[Any], Found]]:
    """Register the function below as the rule of this code; it yields what it found of a model."""

    def register(check: Callable[[Any], Found]) -> Callable[[Any], Found]:
        TITLES[code], CHECKS[code] = title, check
        return check

    return register
