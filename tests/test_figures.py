"""Figures for slides: names that stay, words in every file, pixels as they were; nothing half-written."""

from __future__ import annotations

import base64
import csv
import io
import re
from xml.etree import ElementTree

import figures
import nbformat
import numpy as np
import pytest
from PIL import Image

CHAPTERS = figures.book.chapters()
SVG = "{http://www.w3.org/2000/svg}"
SPECIFICATION = {"$schema": "https://vega.github.io/schema/vega-lite/v5.20.1.json", "data": {"values": [{"a": 1}]}}
SPECIFICATION |= {"mark": "bar", "encoding": {"x": {"field": "a", "type": "quantitative"}}}
DRAWN = '<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg" width="9" role="x">'
DRAWN += "<metadata>Matplotlib</metadata><g/></svg>"
ALT = 'A bar of 1, "a" < b & so on.'


def png(colour=(9, 8, 7)):
    file = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(file, "PNG", dpi=(100, 100))
    return file.getvalue()


def cell(alt, *data, id="fig"):
    outputs = [nbformat.v4.new_output("display_data", data=each) for each in data]
    return nbformat.v4.new_code_cell("1", id=id, outputs=outputs, metadata={"mystnb": {"image": {"alt": alt}}})


def notebook(*cells):
    head = nbformat.v4.new_markdown_cell("# A chapter\n\nText.\n\n## A `part` ★\n\nMore.")
    return nbformat.v4.new_notebook(cells=[head, *cells])


PNG_DATA = {"image/png": base64.b64encode(png()).decode(), "text/plain": "<Figure>"}
VEGA_DATA = {"application/vnd.vegalite.v5+json": SPECIFICATION, "text/plain": "sliders"}


@pytest.fixture
def made(tmp_path):
    """Return the folder of the figures of a made chapter with one figure of each kind."""
    book = notebook(
        cell(ALT, PNG_DATA), cell(ALT, VEGA_DATA, id="move"), cell(ALT, {"image/svg+xml": DRAWN}, PNG_DATA, id="two")
    )
    found = list(figures.figures_of("00_one", book))
    figures.write(found, tmp_path / "figures", "A book & more")
    return tmp_path / "figures"


def test_figures_are_named_by_chapter_and_cell(made):
    names = {"00_one-fig.png", "00_one-move.svg", "00_one-two-1.svg", "00_one-two-2.png"}
    assert {path.name for path in made.iterdir()} == names | {"index.html", "figures.csv"}


def test_a_picture_keeps_its_pixels_and_gets_words(made):
    with Image.open(made / "00_one-fig.png") as image, Image.open(io.BytesIO(png())) as before:
        assert np.array_equal(np.asarray(image), np.asarray(before))
        assert image.info["dpi"] == before.info["dpi"]
        assert (image.text["Title"], image.text["Description"]) == ("A chapter: A part", ALT)
        assert (image.text["Source"], image.text["License"]) == ("A book & more", figures.LICENSE)


@pytest.mark.parametrize("name", ["00_one-move.svg", "00_one-two-1.svg"])
def test_a_drawing_has_title_description_and_licence(made, name):
    root = ElementTree.parse(made / name).getroot()
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert (title.text, description.text) == ("A chapter: A part", ALT)
    assert root.get("role") == "img" and root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    text = (made / name).read_text(encoding="utf-8")
    assert text.count("<metadata>") == 1 and figures.LICENSE in text and "Matplotlib" not in text
    assert not re.search(r"<script|<!DOCTYPE|(?:href|src)=\"http", text)


def test_the_lists_hold_every_figure(made):
    rows = list(csv.DictReader((made / "figures.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["file"] for row in rows] == [
        "00_one-fig.png",
        "00_one-move.svg",
        "00_one-two-1.svg",
        "00_one-two-2.png",
    ]
    assert {(row["alt"], row["license"]) for row in rows} == {(ALT, figures.LICENSE)}
    shown = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', (made / "index.html").read_text(encoding="utf-8"))
    assert [name for name, _ in shown] == [row["file"] for row in rows]
    assert "CC BY 4.0" in (made / "index.html").read_text(encoding="utf-8")


def test_every_figure_of_the_book_is_found_with_its_alt_text():
    found = {path.stem: list(figures.figures_of(path.stem, nbformat.read(path, as_version=4))) for path in CHAPTERS}
    assert all(found.values())
    every = [figure for each in found.values() for figure in each]
    assert len({figure.path for figure in every}) == len(every) >= 40
    assert [figure.path for figure in every if len(figure.alt) < 60 or ": " not in figure.title] == []


def test_names_stay_when_a_cell_comes_before():
    before = [figure.path for figure in figures.figures_of("00_one", notebook(cell(ALT, PNG_DATA)))]
    more = notebook(nbformat.v4.new_code_cell("0"), cell(ALT, PNG_DATA, id="new"), cell(ALT, PNG_DATA))
    assert before[0] in [figure.path for figure in figures.figures_of("00_one", more)]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Let tools/figures.py work on one chapter in a scratch folder."""
    monkeypatch.setattr(figures.book, "ROOT", tmp_path)
    monkeypatch.setattr(figures.book, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(figures, "FIGURES", tmp_path / "_build" / "figures")
    (tmp_path / "_config.yml").write_text("title: A book\nauthor: Somebody\n")
    (tmp_path / "requirements.lock").write_text("")
    (tmp_path / "chapters").mkdir()
    (tmp_path / "mlhelpers").mkdir()
    (tmp_path / "mlhelpers" / "__init__.py").write_text("")

    def chapter(source):
        drawing = nbformat.v4.new_code_cell(source, id="draw", metadata={"mystnb": {"image": {"alt": ALT}}})
        path = tmp_path / "chapters" / "00_one.ipynb"
        nbformat.write(notebook(drawing), path)
        return path

    return chapter


def test_a_chapter_that_is_executed_draws_in_svg_and_stays_as_it_is(project, capsys):
    path = project("import matplotlib.pyplot as plt\n\nplt.plot([0, 1])\nplt.show()")
    before = path.read_bytes()
    figures.main([])
    assert "0 figures" in capsys.readouterr().out  # nothing is stored yet
    for _ in range(2):
        figures.main(["--svg", "00"])
        (drawn,) = figures.FIGURES.glob("*.svg")
        assert drawn.name == "00_one-draw.svg"
    assert "1 figures (1 SVG, 0 PNG)" in capsys.readouterr().out
    root = ElementTree.parse(drawn).getroot()
    assert root.find(f"{SVG}desc").text == ALT and root.findall(f".//{SVG}path")
    assert path.read_bytes() == before


def test_a_chapter_that_fails_leaves_the_last_figures(project):
    figures.FIGURES.mkdir(parents=True)
    (figures.FIGURES / "index.html").write_text("the last ones")
    project("1 / 0")
    with pytest.raises(SystemExit, match=r"ZeroDivisionError[\s\S]*last figures stay"):
        figures.main(["--svg"])
    assert [path.name for path in figures.FIGURES.iterdir()] == ["index.html"]


@pytest.mark.parametrize(("words", "told"), [(["99"], "no chapter begins with 99"), (["--pdf"], "--pdf is no option")])
def test_what_there_is_not_is_told(project, words, told):
    project("1")
    with pytest.raises(SystemExit, match=told):
        figures.main(words)
    assert not figures.FIGURES.exists()
