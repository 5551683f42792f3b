"""Write the figures of the chapters into _build/figures, each under a name that stays, with its alt text and licence.

    python tools/figures.py [CHAPTER ...]         from the outputs that the chapters store; nothing is executed
    python tools/figures.py --svg [CHAPTER ...]   executes copies of these chapters, which draw in SVG

A figure is named by its chapter and its cell. Chapters store what matplotlib draws as PNG; of the figures with sliders
they store the specification, which becomes SVG without a run. Alt text, source and licence stand in each file, in
index.html and in figures.csv.
"""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import book
import nbformat
import vl_convert
import yaml
from book import Notebook
from PIL import Image
from PIL.PngImagePlugin import PngInfo

FIGURES = book.BUILD / "figures"
LICENSE = "https://creativecommons.org/licenses/by/4.0/"
VEGA_LITE = re.compile(r"application/vnd\.vegalite\.v(\d+)")
# The same drawing gives the same file: names in it are made of this word, and no date is written.
DRAW_IN_SVG = """\
%config InlineBackend.figure_formats = ["svg"]
import matplotlib

matplotlib.rcParams["svg.hashsalt"] = "mlhelpers"
"""


@dataclass(frozen=True)
class Figure:
    """A figure, and what is to be said of it."""

    name: str  # chapter and cell
    title: str  # chapter and section
    alt: str
    content: bytes | str  # a PNG, or an SVG as text

    @property
    def path(self) -> str:
        return f"{self.name}.{'svg' if isinstance(self.content, str) else 'png'}"


def section_of(notebook: Notebook, place: int) -> str:
    """Return "chapter: section" for a cell."""
    text = "\n".join(cell.source for cell in notebook.cells[:place] if cell.cell_type == "markdown")
    headings = re.findall(r"(?m)^#{1,3} (.+)$", text) or ["Untitled"]
    names = [headings[0]] if len(headings) == 1 else [headings[0], headings[-1]]
    return ": ".join(name.replace("`", "").replace(" ★", "") for name in names)


def drawn(data: dict[str, object]) -> bytes | str | None:
    """Return an output as SVG, or else as PNG, if it is a figure."""
    if "image/svg+xml" in data:
        return str(data["image/svg+xml"])
    for kind, value in data.items():
        if found := VEGA_LITE.match(kind):
            specification = value if isinstance(value, dict) else json.loads(str(value))
            return str(vl_convert.vegalite_to_svg(specification, vl_version=version_of(specification, found[1])))
    return base64.b64decode(str(data["image/png"])) if "image/png" in data else None


def version_of(specification: dict[str, object], major: str) -> str:
    """Return the version of Vega-Lite for which a specification is written, as vl-convert names it."""
    wanted = re.search(r"v(\d+\.\d+)", str(specification.get("$schema", "")))
    known = [version for version in vl_convert.get_vegalite_versions() if version.startswith(f"{major}.")]
    return wanted[1] if wanted and wanted[1] in known else known[-1]


def figures_of(name: str, notebook: Notebook) -> Iterator[Figure]:
    for place, cell in enumerate(notebook.cells):
        outputs = [drawn(output.get("data", {})) for output in cell.get("outputs", [])]
        contents = [content for content in outputs if content is not None]
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        for k, content in enumerate(contents):
            figure = f"{name}-{cell.id}" + (f"-{k + 1}" if len(contents) > 1 else "")
            yield Figure(figure, section_of(notebook, place), alt, content)


def png_with_words(figure: Figure, source: str) -> bytes:
    """Return the PNG with title, alt text, source and licence in it; its pixels stay as they are."""
    said = {"Title": figure.title, "Description": figure.alt, "Source": source, "License": LICENSE}
    said["Copyright"] = "CC BY 4.0"
    words = PngInfo()
    for key, text in said.items():
        words.add_itxt(key, text)
    with Image.open(io.BytesIO(figure.content)) as image, io.BytesIO() as file:
        image.save(file, "PNG", pnginfo=words, dpi=image.info.get("dpi"))
        return file.getvalue()


def svg_with_words(figure: Figure, source: str) -> str:
    """Return the SVG with title, description and licence, in the form that browsers and screen readers know."""
    title, alt, whence = (html.escape(text) for text in (figure.title, figure.alt, source))
    words = (
        f'<title id="{figure.name}-title">{title}</title><desc id="{figure.name}-desc">{alt}</desc>'
        '<metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:cc="http://creativecommons.org/ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<cc:Work rdf:about=""><dc:title>{title}</dc:title><dc:source>{whence}</dc:source>'
        f'<cc:license rdf:resource="{LICENSE}"/></cc:Work></rdf:RDF></metadata>'
    )
    plain = re.sub(r"(?s)<metadata>.*?</metadata>|<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->", "", figure.content).strip()
    named = f'role="img" aria-labelledby="{figure.name}-title {figure.name}-desc"'

    def opened(tag: re.Match[str]) -> str:
        """Return the tag with names of ours in the place of its own."""
        others = re.sub(r'\s(?:role|aria-\w+)="[^"]*"', "", tag[1])
        return f"<svg {named}{others}>{words}"

    return re.sub(r"<svg([^>]*)>", opened, plain, count=1)


def index(figures: list[Figure], source: str) -> str:
    """Return a page of all figures."""
    shown = "\n".join(
        f'<figure id="{figure.name}"><img src="{figure.path}" alt="{html.escape(figure.alt)}" loading="lazy">'
        f"<figcaption><strong>{html.escape(figure.title)}</strong> <code>{figure.path}</code></figcaption></figure>"
        for figure in figures
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Figures of {html.escape(source)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<style>body { font: 1rem/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem } "
        "img { max-width: 100%; height: auto; background: #fff } figure { margin: 2rem 0 } "
        "code { overflow-wrap: anywhere }</style></head><body><main>"
        f"<h1>Figures of <em>{html.escape(source)}</em></h1>"
        f'<p>Under <a href="{LICENSE}">CC BY 4.0</a>: use and change them, and name the source and your changes.</p>\n'
        f"{shown}\n</main></body></html>\n"
    )


def write(figures: list[Figure], folder: Path, source: str) -> None:
    """Write all figures with their index; the folder takes the place of the last one only when it is complete."""
    scratch = folder.with_name(folder.name + ".part")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for figure in figures:
        if isinstance(figure.content, str):
            book.write(scratch / figure.path, svg_with_words(figure, source) + "\n")
        else:
            (scratch / figure.path).write_bytes(png_with_words(figure, source))
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["file", "title", "alt", "source", "license"])
    rows.writerows([figure.path, figure.title, figure.alt, source, LICENSE] for figure in figures)
    book.write(scratch / "figures.csv", table.getvalue())
    book.write(scratch / "index.html", index(figures, source))
    book.replace_folder(scratch, folder)


def executed_in_svg(name: str, notebook: Notebook) -> Notebook:
    """Return a copy of a chapter that has been executed and has drawn in SVG."""
    notebook.cells.insert(0, nbformat.v4.new_code_cell(DRAW_IN_SVG, id="draw-in-svg"))
    try:
        book.execute(name, notebook)
    except book.ChapterError as error:
        sys.exit(f"\nerror: {error}\n\nThe last figures stay.")
    return notebook


def build(names: list[str], *, svg: bool = False) -> None:
    figures: list[Figure] = []
    for path in book.chosen(names):
        notebook = nbformat.read(path, as_version=4)
        figures += figures_of(path.stem, executed_in_svg(path.stem, notebook) if svg else notebook)
    config = yaml.safe_load((book.ROOT / "_config.yml").read_text(encoding="utf-8"))
    write(figures, FIGURES, f"{config['title']}, by {config['author']}")
    kinds = {kind: sum(figure.path.endswith(kind) for figure in figures) for kind in ("svg", "png")}
    print(f"{len(figures)} figures ({kinds['svg']} SVG, {kinds['png']} PNG). Open {FIGURES / 'index.html'}")


def main(arguments: list[str]) -> None:
    if unknown := [word for word in arguments if word.startswith("-") and word != "--svg"]:
        sys.exit(f"error: {unknown[0]} is no option; there is --svg, which executes the chapters")
    with book.alone():
        build([word for word in arguments if word != "--svg"], svg="--svg" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
