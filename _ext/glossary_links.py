"""Let Markdown links reach glossary terms and named sections of other pages: ``[ML101](traps.md#ml101)``.

MyST resolves ``page.md#anchor`` through the slugs of the page's headings and reports any other
anchor as missing. Registering the glossary's terms, and the names that sections were given by ``(ml101)=``,
as slugs keeps the links portable Markdown, and a link to what does not exist stays an error.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def register_terms(app: Sphinx, doctree: nodes.document) -> None:
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for term in doctree.findall(nodes.term):
        for anchor in term["ids"]:
            slugs[anchor] = (term.line, anchor, term.astext())
    for section in doctree.findall(nodes.section):
        for anchor in section["ids"]:
            slugs.setdefault(anchor, (section.line, anchor, section.next_node(nodes.title).astext()))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", register_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
