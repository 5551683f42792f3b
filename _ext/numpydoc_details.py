"""Mend two things of numpydoc docstrings that napoleon leaves, before it reads them.

Labels of references, ``[1]``, are unique within a docstring but not on a page that shows many of
them: they become a numbered list. Attributes that share a line, ``a, b : int``, become one each.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

CITED = re.compile(r"\[(\d+)\]_")
REFERENCE = re.compile(r"^\.\. \[\d+\] ")
SHARED_LINE = re.compile(r"^(\w+(?:, \w+)+) : (.+)$")


def mend(app: Sphinx, what: str, name: str, documented: object, options: Any, lines: list[str]) -> None:
    mended: list[str] = []
    for i, line in enumerate(lines):
        shared = SHARED_LINE.match(line)
        if shared:
            after = lines[i + 1 :]
            end = next((k for k, text in enumerate(after) if not text.startswith(" ")), len(after))
            *others, last = shared[1].split(", ")
            for other in others:
                mended += [f"{other} : {shared[2]}", *after[:end]]
            mended.append(f"{last} : {shared[2]}")
        else:
            mended.append(REFERENCE.sub("#. ", CITED.sub(r"[\1]", line)))
    lines[:] = mended


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("autodoc-process-docstring", mend, priority=400)  # napoleon's is 500
    return {"parallel_read_safe": True, "parallel_write_safe": True}
