"""The built book in a real browser: nothing leaves it, nothing fails, everybody can read it."""

from __future__ import annotations

import shutil
from urllib.parse import urlencode

import pytest
from browser import (
    HTML,
    LAPTOP,
    PHONE,
    axe,
    bare_tables,
    faint_code,
    html_pages,
    missing_icons,
    unset_formulas,
    visit,
    watch,
    wider_than_the_page,
)

CHAPTER = HTML / "chapters" / "01_sigmoid_versus_softmax.html"


def test_the_book_is_built():
    assert CHAPTER in html_pages(), "there is no built book: run `make book` first"


def in_theme(page, theme):
    """Change the colours that the system prefers, without loading the page again."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)


@pytest.mark.parametrize("path", html_pages(), ids=lambda path: str(path.relative_to(HTML)))
def test_page_in_both_widths_and_themes(page, path):
    wrong = watch(page)
    visit(page, path)
    assert wider_than_the_page(page) == []
    assert unset_formulas(page) + missing_icons(page) + bare_tables(page) == []
    assert faint_code(page) == []
    in_theme(page, "dark")
    assert faint_code(page) == []
    assert axe(page) == []
    page.set_viewport_size(PHONE)
    assert wider_than_the_page(page) == []
    in_theme(page, "light")
    page.wait_for_timeout(500)  # the theme makes what scrolls focusable 300 ms after a change of width
    assert axe(page) == []  # colours depend on the theme and not on the width: two of the four pairs do
    assert wrong == []


def test_a_reader_searches_and_opens_what_is_found(page):
    wrong = watch(page)
    visit(page, HTML / "intro.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("softmax")
    page.keyboard.press("Enter")
    # The results come one after the other: wait for this one, not for the first.
    page.locator("#search-results").get_by_role("link", name="Sigmoid versus softmax", exact=True).click()
    page.wait_for_url("**/01_sigmoid_versus_softmax.html*")
    assert page.locator("h1").inner_text().startswith("Sigmoid versus softmax")
    assert wrong == []


def test_solutions_open_and_close_by_keyboard(page):
    visit(page, CHAPTER)
    fold = page.locator("details", has_text="Show solution 1").first
    fold.locator("summary").focus()
    assert not fold.locator("pre").first.is_visible()
    page.keyboard.press("Enter")
    assert fold.locator("pre").first.is_visible()
    assert axe(page) == []
    page.keyboard.press("Space")
    assert not fold.locator("pre").first.is_visible()


@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_a_tick_ends_a_line_of_text_and_opens_by_keyboard(page, size):
    page.set_viewport_size(size)
    visit(page, CHAPTER)
    tick = page.locator("div.checked > .check summary").first
    bottom = (
        "e => { const r = document.createRange(); r.selectNodeContents(e); return r.getBoundingClientRect().bottom }"
    )
    text = page.locator("div.checked > p").first.evaluate(bottom)
    place = tick.bounding_box()
    assert abs(place["y"] + place["height"] - text) < 16  # on its last line, or the next
    assert place["width"] >= 24 <= place["height"]  # as wide as a finger needs at least
    code = page.locator("div.checked > .check pre").first
    assert not code.is_visible()
    tick.focus()
    page.keyboard.press("Enter")
    assert code.is_visible() and axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def quick_check(page, kind):
    """Return the first quick check of a page with choices ("radio"), or with a number ("text")."""
    return page.locator("form.quick-check", has=page.locator(f"input[type={kind}]")).first


def said_to(form, place):
    return form.locator("details li").nth(place).locator("span").text_content()


def place_of(form, *, right):
    verdicts = form.locator("details li").evaluate_all("all => all.map(entry => entry.dataset.right)")
    return verdicts.index("true" if right else "false")


def test_a_quick_check_of_choices_answers_by_keyboard(page):
    wrong = watch(page)
    visit(page, CHAPTER)
    form = quick_check(page, "radio")
    status, radios = form.get_by_role("status"), form.get_by_role("radio")
    assert form.get_by_role("group").count() == 1 and status.text_content() == ""
    radios.first.focus()
    page.keyboard.press("Enter")
    assert status.text_content() == "Choose an answer first."
    for right in (False, True):
        radios.first.focus()
        page.keyboard.press("Space")
        for _ in range(place_of(form, right=right)):
            page.keyboard.press("ArrowDown")
        assert status.text_content() == ""  # a verdict is about what was checked
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Check"
        page.keyboard.press("Enter")
        verdict = "Right. " if right else "Not right. "
        assert status.text_content() == verdict + said_to(form, place_of(form, right=right))
        assert page.evaluate("document.activeElement.textContent") == "Check"  # the reader stays where they were
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert form.locator("details li").last.is_visible()
    assert wrong == []


def test_a_quick_check_reads_a_number_as_people_write_it(page):
    visit(page, CHAPTER)
    form = quick_check(page, "text")
    box, status = form.get_by_role("textbox", name="Your number"), form.get_by_role("status")
    for typed in ("", "a fifth", "1/0"):
        box.fill(typed)
        page.keyboard.press("Enter")
        assert status.text_content().startswith("Enter a number first")
        assert not form.locator("details").is_visible()
    other = form.locator("details li").count() - 1
    for typed, place in {"0.2": 0, "0,2": 0, " 1/5 ": 0, "20 %": 0, "−0.2": 1, "7": other}.items():
        box.fill(typed)
        page.keyboard.press("Enter")
        assert status.text_content() == ("Not right. " if place else "Right. ") + said_to(form, place)
        assert form.locator("details").is_visible()


def test_quick_checks_that_have_answered_are_for_everybody(page):
    visit(page, CHAPTER)
    forms = quick_check(page, "radio"), quick_check(page, "text")
    forms[0].get_by_role("radio").nth(place_of(forms[0], right=False)).check()
    forms[1].get_by_role("textbox").fill("0.2")
    for form in forms:
        form.get_by_role("button", name="Check").click()
        form.locator("summary").click()
    assert [form.locator(".verdict strong").text_content() for form in forms] == ["Not right.", "Right."]
    for size, theme in ((LAPTOP, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)
        in_theme(page, theme)
        page.wait_for_timeout(500)
        assert axe(page) == []
        assert wider_than_the_page(page) == []
        assert all(form.get_by_role("button").bounding_box()["height"] >= 24 for form in forms)


def test_a_quick_check_needs_no_script_and_prints_no_answer(chromium):
    with chromium.new_context(java_script_enabled=False, offline=True) as context:
        page = context.new_page()
        page.goto(CHAPTER.as_uri())
        form = quick_check(page, "radio")
        assert not form.locator("button").is_visible()
        form.locator("summary").click()
        assert form.locator("details li").first.is_visible()
        page.emulate_media(media="print")
        assert form.locator("legend").is_visible() and not form.locator("details").is_visible()


def test_the_keyboard_skips_to_the_text_and_shows_where_it_is(page):
    visit(page, CHAPTER)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    for _ in range(10):
        outline = page.evaluate("getComputedStyle(document.activeElement).outline")
        assert "solid 3px" in outline
        page.keyboard.press("Tab")


def test_a_phone_reaches_the_contents(page):
    page.set_viewport_size(PHONE)
    visit(page, CHAPTER)
    page.get_by_role("button", name="Toggle primary sidebar").click()
    page.get_by_role("link", name="Glossary").click()
    page.wait_for_url("**/glossary.html")


def test_the_theme_button_changes_the_colours(page):
    visit(page, CHAPTER)
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    seen = set()
    for _ in range(3):
        page.get_by_role("button", name="Color mode").click()
        seen.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    page.evaluate("localStorage.clear()")
    assert len(seen | {before}) == 2


def test_the_folder_can_be_moved_and_opened_from_disk(page, tmp_path):
    moved = tmp_path / "a book, moved & renamed"
    shutil.copytree(HTML, moved)
    wrong = watch(page)
    page.goto((moved / "index.html").as_uri())
    page.wait_for_url("**/intro.html")
    page.get_by_role("link", name="Sigmoid versus softmax").first.click()
    page.wait_for_url("**/01_sigmoid_versus_softmax.html")
    pictures = page.locator("article img")
    assert pictures.count() > 0
    assert pictures.evaluate_all("all => all.filter(i => !i.naturalWidth).map(i => i.src)") == []
    assert unset_formulas(page) == []
    assert wrong == []


PAGE = '<!doctype html><html lang="en"><title>A page</title><body><main><h1>A page</h1>{}</main></body></html>'


def written(folder, body):
    path = folder / "page.html"
    path.write_text(PAGE.format(body), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "mistake",
    [
        '<img src="https://example.org/x.png" alt="x">',
        '<script src="https://example.org/x.js"></script>',
        "<script>fetch('https://example.org/').catch(() => 0)</script>",
        '<img src="nowhere.png" alt="x">',
        "<script>console.error('a fault')</script>",
        "<script>console.warn('a warning')</script>",
        "<script>nowhere()</script>",
    ],
)
def test_watch_finds_mistakes(page, tmp_path, mistake):
    wrong = watch(page)
    visit(page, written(tmp_path, mistake))
    page.wait_for_timeout(50)
    assert wrong != []


@pytest.mark.parametrize(
    ("check", "size", "mistake"),
    [
        (axe, LAPTOP, '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'),
        (axe, LAPTOP, '<p style="color: #999; background: #fff">Grey on white</p>'),
        (faint_code, LAPTOP, '<div class="highlight"><pre>x <span style="color: #888">= 1</span></pre></div>'),
        (axe, LAPTOP, '<button aria-label="Toggle">Show solution 1</button>'),
        (axe, LAPTOP, "<h4>Two levels below</h4>"),
        (wider_than_the_page, LAPTOP, '<div style="width: 1400px">wide</div>'),
        (wider_than_the_page, LAPTOP, f'<pre style="overflow: auto">{"x" * 300}</pre>'),
        (wider_than_the_page, PHONE, '<div style="width: 400px">wide</div>'),
        (wider_than_the_page, PHONE, f'<div class="cell_output" style="overflow: auto"><table><tr><td>{"x" * 90}'),
        (unset_formulas, LAPTOP, r'<span class="math">\(x\)</span>'),
        (missing_icons, LAPTOP, '<i class="fa-solid fa-unicorn"></i>'),
        (bare_tables, LAPTOP, "<article><table><tr><td>1</td></tr></table></article>"),
    ],
)
def test_the_checks_find_mistakes(page, tmp_path, check, size, mistake):
    page.set_viewport_size(size)
    visit(page, written(tmp_path, "<p>Nothing is wrong here.</p>"))
    assert check(page) == []
    visit(page, written(tmp_path, mistake))
    assert check(page) != []


def test_axe_finds_a_mistake_of_the_dark_theme_alone(page, tmp_path):
    style = "<style>@media (prefers-color-scheme: dark) { p { color: #333; background: #111 } }</style>"
    visit(page, written(tmp_path, f"{style}<p>Dark on dark</p>"))
    assert axe(page, "color-contrast") == []
    page.emulate_media(color_scheme="dark")
    assert axe(page, "color-contrast") != []


SYMPTOMS = {
    "ValueError: multilabel-indicator is not supported": "q-e-not-supported",
    "ValueError: y should be a 1d array, got an array of shape (800, 28) instead.": "q-e-1d-array",
    "Classification metrics can't handle a mix of multilabel-indicator and continuous-multioutput targets": (
        "q-e-mix-continuous"
    ),
    "UserWarning: Label not 17 is present in all training examples.": "q-e-not-3-present",
    "Received: target.shape=(None, 12), output.shape=(None, 1)": "q-k-same-shape",
    "TypeError: '>' not supported between instances of 'list' and 'float'": "q-e-list-float",
    "unexpected keyword argument 'pos_weight'": "q-k-pos-weight",
    "model predicts all zeros": "q-all-zeros",
    "accuracy is 99 % but": "q-accuracy-99",
    "how do I get label names back": "q-label-names",
    "loss nan": "q-loss-nan",
}


@pytest.mark.parametrize(("symptom", "question"), SYMPTOMS.items(), ids=SYMPTOMS.values())
def test_a_symptom_finds_its_question_first(page, symptom, question):
    wrong = watch(page)
    page.goto(f"{(HTML / 'search.html').as_uri()}?{urlencode({'q': symptom})}")
    first = page.locator("#search-results ul.search li a").first
    first.wait_for()
    page.goto(first.evaluate("link => link.href"))
    asked = (
        "id => document.getElementById(id).closest('section') === document.querySelector(':target').closest('section')"
    )
    assert page.evaluate(asked, question)
    assert wrong == []
