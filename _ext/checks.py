"""The check of a claim is a small tick at the end of the text that it checks, and unfolds there."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

PROMPT = "Show the check of these claims"


def is_check(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("prompt_show") == PROMPT


def is_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.paragraph | nodes.bullet_list | nodes.enumerated_list) or (
        isinstance(node, nodes.container) and "checked" in node["classes"]
    )


def is_fold(node: nodes.Element) -> bool:
    return bool(node.get("hide_mode")) or (isinstance(node, nodes.raw) and "</details>" in node.astext())


def text_of(check: nodes.Element) -> nodes.Element | None:
    """Return the text before a check, or else the text after it: a check may follow the output that a text explains.

    What follows a fold is about something else, and a text that runs on into a formula ends behind it.
    """
    siblings = check.parent.children
    place = check.parent.index(check)
    before, after = siblings[:place][-1:], siblings[place + 1 :]
    if any(map(is_fold, before)):
        return None
    while len(after) > 2 and isinstance(after[1], nodes.math_block) and is_text(after[2]):
        after = after[2:]
    return next((node for node in before + after[:1] if is_text(node)), None)


def end_with(text: nodes.Element, check: nodes.Element) -> None:
    """Move a check to the end of a text."""
    check.parent.remove(check)
    if isinstance(text, nodes.paragraph):
        checked = nodes.container(classes=["checked"])
        text.replace_self(checked)
        checked += [text, check]
    elif isinstance(text, nodes.container):
        text += check
    else:
        text["classes"].append("compact")  # else its items become paragraphs, with a space around each
        item = text.children[-1]
        item["classes"].append("checked")
        item += check


def make_ticks(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for check in list(doctree.findall(is_check)):
        check["classes"].append("check")
        text = text_of(check)
        if text is not None:
            end_with(text, check)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-resolved", make_ticks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
