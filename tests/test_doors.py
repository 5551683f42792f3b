"""How the book is found, and how its package is got: no line that fails as it stands, no address that nobody knows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import publication
import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent
HTML = ROOT / "_build" / "html"
URL, REPOSITORY = "https://owner.github.io/name", "https://github.com/owner/name"
INSTALL = re.compile(r"(?:pip install|uv add|conda install|uvx|pipx run)[ \t]+(?:\[[^\]]*\]|[^\n`,;])+")
BARE = re.compile(r'(?<![\w/.-])mlhelpers(?:\[[\w,-]+\])?+(?!\w|["\']? @|-\d)')


def failing_installs(text: str) -> list[str]:
    """Return the lines of an installation that name a package which no index has, or a place that is none."""
    lines = [found[0] for found in INSTALL.finditer(text)]
    return [line for line in lines if BARE.search(line) or "OWNER" in line or "NAME" in line]


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("pip install mlhelpers", True),
        ('pip install "mlhelpers[keras]"', True),
        ('%pip install --upgrade "mlhelpers[chapters]" altair', True),
        ('pip install "mlhelpers[chapters] @ git+https://github.com/OWNER/NAME"', True),
        ("uv add mlhelpers", True),
        ('pip install "mlhelpers[chapters] @ git+https://github.com/owner/name"', False),
        ('pip install ".[chapters]"', False),
        ("pip install ./mlhelpers-0.2.0-py3-none-any.whl", False),
        ("pip install pooch, or get mlhelpers' files", False),
        ("`pip install .` installs mlhelpers", False),
        ("import mlhelpers", False),
    ],
)
def test_lines_that_fail_are_found(text, fails):
    assert bool(failing_installs(text)) == fails


PAGES = sorted(page for page in HTML.rglob("*.html") if "_static" not in page.parts)


def test_no_built_page_shows_an_installation_that_fails():
    assert PAGES, "there is no built book: run `make book` first"
    found = {
        page.name: failing_installs(BeautifulSoup(page.read_text("utf-8"), "html.parser").get_text()) for page in PAGES
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_no_source_that_is_read_elsewhere_shows_one():
    texts = {
        path.name: path.read_text(encoding="utf-8")
        for path in [*ROOT.glob("*.md"), *(ROOT / "mlhelpers").rglob("*.py")]
    }
    for path in (ROOT / "chapters").glob("*.ipynb"):
        texts[path.name] = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    found = {name: failing_installs(text) for name, text in texts.items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


def built(folder: Path, environ: dict[str, str]) -> Path:
    """Build three pages with what makes doors of them; return the folder of the pages."""
    (folder / "chapters").mkdir(parents=True)
    (folder / "_ext").mkdir()
    extensions = ("discovery", "launch", "reader")
    for name in extensions:
        shutil.copy(ROOT / "_ext" / f"{name}.py", folder / "_ext")
    config = {"title": "A book", "author": "Somebody", "execute": {"execute_notebooks": "off"}}
    config |= {"parse": {"myst_enable_extensions": ["substitution"]}, "only_build_toc_files": True}
    config |= {"sphinx": {"local_extensions": dict.fromkeys(extensions, "_ext")}}
    (folder / "_config.yml").write_text(yaml.dump(config))
    toc = "format: jb-book\nroot: intro\nchapters:\n- file: chapters/00_one\n- file: teaching_plans\n"
    (folder / "_toc.yml").write_text(toc)
    (folder / "intro.md").write_text(
        "# A book\n\nAbout <this> & that.\n\nPip{{ without_a_clone }}.\n\n{{ on_a_laptop }}\n"
    )
    (folder / "teaching_plans.md").write_text("# Plans\n\nThree.\n")
    prose = "# One\n\nWhat is it?\n\n**You will**\n\n1. see </script> it;\n2. mend `it`.\n\n" + "word " * 2000
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(prose)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "chapters" / "00_one.ipynb")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("BOOK_")} | environ
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", ".", "-W", "-q"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return built(tmp_path_factory.mktemp("known"), {"BOOK_URL": URL, "BOOK_REPOSITORY": REPOSITORY})


@pytest.fixture(scope="module")
def unknown(tmp_path_factory):
    return built(tmp_path_factory.mktemp("unknown"), {})


def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def data(path: Path) -> dict:
    (script,) = parsed(path).select('head script[type="application/ld+json"]')
    return json.loads(script.string)


def test_the_sitemap_has_every_page_once_at_its_canonical_address(known):
    names = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    root = ElementTree.parse(known / "sitemap.xml").getroot()
    listed = [place.text for place in root.iterfind(f"{names}url/{names}loc")]
    pages = ["intro", "chapters/00_one", "teaching_plans"]
    assert listed == [f"{URL}/{page}.html" for page in pages]
    assert [parsed(known / f"{page}.html").select_one("link[rel=canonical]")["href"] for page in pages] == listed


def test_a_chapter_says_what_it_teaches_and_how_long_it_takes(known):
    chapter, book = data(known / "chapters" / "00_one.html"), data(known / "intro.html")
    assert chapter["@type"] == "LearningResource" and chapter["name"] == "One" and chapter["position"] == 1
    assert chapter["teaches"] == ["see </script> it", "mend it"]
    assert "</script> it" not in (known / "chapters" / "00_one.html").read_text().partition("</head>")[0]
    assert chapter["timeRequired"] == "PT10M"
    assert parsed(known / "chapters" / "00_one.html").select_one("p.times").text.startswith("10 minutes to read")
    assert book["@type"] == ["Book", "LearningResource"] and book["description"] == "About <this> & that."
    assert book["hasPart"] == [{"@type": "LearningResource", "@id": chapter["@id"]}]
    assert chapter["isPartOf"] == {"@id": book["@id"]} and book["url"] == f"{URL}/intro.html"
    course = data(known / "teaching_plans.html")
    assert (course["@type"], course["name"]) == ("Course", "A book: Plans")


def test_with_an_address_one_line_gets_it(known):
    text = parsed(known / "intro.html").select_one("article").get_text()
    assert f"git clone {REPOSITORY} && cd name && make lab" in text
    assert f'pip install "mlhelpers[chapters] @ git+{REPOSITORY}"' in text and failing_installs(text) == []


def test_without_an_address_nothing_is_claimed(unknown):
    text = (unknown / "intro.html").read_text(encoding="utf-8")
    shown = parsed(unknown / "intro.html").select_one("article").get_text()
    assert "make lab" in shown and "git" not in shown and "pip install" not in shown
    assert "ld+json" not in text and "canonical" not in text and not (unknown / "sitemap.xml").exists()


@pytest.mark.skipif(publication.from_environment() is not None, reason="the built book has an address")
def test_the_built_book_claims_no_address():
    assert not (HTML / "sitemap.xml").exists()
    assert [page.name for page in PAGES if "application/ld+json" in page.read_text(encoding="utf-8")] == []
