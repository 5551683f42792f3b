"""The one page from which the PDF is printed: its links, its folds; what is said without a Chromium."""

from __future__ import annotations

import pytest
import yaml
from browser import pdf
from bs4 import BeautifulSoup


@pytest.fixture
def whole(tmp_path, monkeypatch):
    """Return the one page of a book of two pages."""
    (tmp_path / "_toc.yml").write_text("root: intro\nchapters:\n  - file: chapters/one\n")
    html = tmp_path / "html"
    (html / "chapters").mkdir(parents=True)
    page = '<html><head>{}</head><body><nav>Contents</nav><article><h1 id="top">{}</h1>{}</article></body></html>'
    links = '<a href="chapters/one.html#top">one</a><a href="#top">up</a><a href="_modules/x.html">source</a>'
    (html / "intro.html").write_text(page.format("<script src='theme.js'></script>", "Intro", links))
    fold = (
        "<details><summary><p class='collapsed'>Show solution 1</p><p class='expanded'>Hide it</p></summary></details>"
    )
    picture = '<a href="../intro.html">back</a><img src="../_images/a.png">'
    picture += '<a href="https://example.org">out</a><a href="../../x.pdf">beside the book</a>'
    script = "<script defer src='../_static/mathjax/startup.js'></script>"
    (html / "chapters" / "one.html").write_text(page.format(script, "One", fold + picture))
    monkeypatch.setattr(pdf, "ROOT", tmp_path)
    monkeypatch.setattr(pdf, "HTML", html)
    return BeautifulSoup(pdf.one_page(), "html.parser")


def test_every_page_is_printed_in_the_order_of_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "ROOT", tmp_path)
    nested = [{"file": "b", "sections": [{"file": "c", "sections": [{"file": "d"}]}]}, {"url": "https://example.org"}]
    chapters = [{"file": "a"}, *nested, {"file": "e"}]
    for toc in (
        {"chapters": chapters},
        {"parts": [{"chapters": chapters[:1]}, {"caption": "x", "chapters": chapters[1:]}]},
    ):
        (tmp_path / "_toc.yml").write_text(yaml.dump({"format": "jb-book", "root": "intro"} | toc))
        assert pdf.page_names() == ["intro", "a", "b", "c", "d", "e"]


def test_the_title_is_that_of_the_book(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "ROOT", tmp_path)
    (tmp_path / "_config.yml").write_text("title: Cats & dogs\n")
    assert pdf.title() == "Cats &amp; dogs"


def test_links_lead_to_places_within_the_page(whole):
    ids = [tag["id"] for tag in whole.find_all(id=True)]
    assert len(ids) == len(set(ids)) == 4
    assert [a["href"] for a in whole.find_all("a")] == [
        "#chapters-one--top",
        "#intro--top",
        "#intro",
        "https://example.org",
        "../x.pdf",
    ]
    assert {href[1:] for a in whole.find_all("a") if (href := a["href"]).startswith("#")} <= set(ids)
    assert whole.find("span").text == "source"


def test_pictures_and_formulas_are_found_from_beside_the_title_page(whole):
    assert whole.img["src"] == "_images/a.png"
    assert [script["src"] for script in whole.find_all("script")] == ["_static/mathjax/startup.js"]


def test_folds_are_open_and_named(whole):
    assert whole.details.has_attr("open")
    assert whole.select_one(".expanded").text == "Solution 1"
    assert whole.nav is None


def test_without_a_chromium_it_says_so(monkeypatch):
    monkeypatch.setattr(pdf, "chromium", lambda: None)
    with pytest.raises(SystemExit, match="no Chromium on this machine: install it"), pdf.browser():
        pass


def test_without_a_book_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(pdf, "HTML", tmp_path)
    with pytest.raises(SystemExit, match="run `make book` first"):
        pdf.main()
