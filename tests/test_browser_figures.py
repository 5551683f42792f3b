"""The figures with sliders in a browser: their numbers against SciPy, Keras, scikit-learn, LabelCounts."""

from __future__ import annotations

import json
import re
import time

import extensions
import figure_words
import nbformat
import numpy as np
import pytest
import vl_convert
from axe_playwright_python.sync_playwright import Axe
from browser import HTML, LOCAL, PHONE, ROOT
from figure_words import numbers
from scipy.special import expit, softmax
from sklearn.calibration import calibration_curve

from mlhelpers.interactive import MIME_TYPE, explore_calibration, explore_costs
from mlhelpers.metrics import LabelCounts

FIGURES = {  # where each figure is: its chapter, and its place among the figures there
    "probabilities": ("01_sigmoid_versus_softmax", 0),
    "clipped loss": ("04_custom_clipped_loss", 0),
    "averages": ("05_micro_macro_evaluation", 0),
    "threshold": ("05_micro_macro_evaluation", 1),
    "costs of a chapter": ("06_thresholds", 0),
    "calibration of a chapter": ("07_calibration", 0),
}


RANDOM = np.random.default_rng(0)
Z = RANDOM.normal(-1, 2, 400).round(2)  # logits that are right, some of them 0
Y = (RANDOM.random(400) < expit(Z)).astype(int)
WEIGHT = "weight of positives, a power of 2"
MADE = {  # figures of labels and scores that are known here
    "costs": explore_costs(Y, expit(Z), label_name="owl"),
    "calibration": explore_calibration(Y, 2 * Z, label_name="owl"),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Return a function that tells where a figure is: a page's address, and its place among the figures there."""

    def of(name):
        chapter, place = FIGURES.get(name, FIGURES["clipped loss"])
        page = HTML / "chapters" / f"{chapter}.html"
        return (made_page(page, name, folder) if name in MADE else page).as_uri(), place

    folder = tmp_path_factory.mktemp("pages")
    return of


def made_page(page, name, folder):
    """Put a figure in the place of a chapter's, on a copy of its page."""
    html = extensions.extension("interactive").figure_html(MADE[name].spec, f"{MADE[name]}")
    text = page.read_text(encoding="utf-8").replace("<head>", f'<head><base href="{page.as_uri()}">', 1)
    before, after = re.split(r'<figure class="interactive">.*?</figure>', text, maxsplit=1, flags=re.DOTALL)
    copy = folder / f"{name}.html"
    copy.write_text(before + html + after, encoding="utf-8")
    return copy


@pytest.fixture
def page(chromium):
    """Return a page as wide as a phone."""
    context = chromium.new_context(viewport=PHONE)
    yield context.new_page()
    context.close()


@pytest.fixture
def opened(page, address):
    """Return a function that opens a figure's page and returns the figure, once it lives."""
    return lambda name: live(page, *address(name))


def live(page, url, place):
    page.goto(url)
    figure = page.locator("figure.interactive").nth(place)
    figure.get_by_role("button", name="Reset").wait_for()
    return figure


def specification(figure):
    return json.loads(figure.locator("script").text_content())


def shows(figure, template, expected, digits=2):
    """Wait until the figure, in its picture and to a screen reader, tells the expected numbers."""
    end = time.monotonic() + 10
    while True:
        caption = figure.locator(".interactive-caption").text_content()
        found = numbers(caption, template)
        if found == pytest.approx(expected, abs=0.501 * 10**-digits):
            break
        assert time.monotonic() < end, f"{caption}, expected {expected}"
    picture = "".join(figure.locator("svg text").all_text_contents())
    assert caption.replace("; ", "") in picture
    assert figure.locator("svg").get_attribute("aria-label") == caption
    assert figure.locator(".interactive-caption").get_attribute("aria-live") == "polite"


def slider(figure, label):
    return figure.get_by_role("slider", name=label, exact=True)


def boxes(figure, selector):
    """Return the texts of elements, with where they stand in the picture: a page still moves while its fonts load."""
    return figure.locator(selector).evaluate_all(
        """all => all.map(e => {
            const box = e.getBoundingClientRect(), picture = e.ownerSVGElement.getBoundingClientRect();
            return [e.textContent, { y: box.y - picture.y, height: box.height }];
        })"""
    )


def press(figure, label, *keys):
    for key in keys:
        slider(figure, label).press(key)
    return float(slider(figure, label).input_value())


def probabilities(z, names=("3", "7", "8")):
    lines, values = [], []
    for name, p in (("sigmoid", expit(z)), ("softmax", softmax(z))):
        above = ", ".join(label for label, value in zip(names, p, strict=True) if value > 0.5)
        lines.append(f"{name}: sum #, above one half: {{{above}}}")
        values.append(p.sum())
    return "; ".join(lines), values


def test_probabilities(opened):
    figure, z = opened("probabilities"), np.array([4.0, 3.0, -1.5])
    shows(figure, *probabilities(z))
    for label, keys in ((1, ["ArrowRight"] * 2), (1, ["ArrowRight"]), (0, ["Home"]), (2, ["End"]), (1, ["End"])):
        before = z[label]
        z[label] = press(figure, f"logit of {(3, 7, 8)[label]}", *keys)
        assert z[label] != before
        shows(figure, *probabilities(z))
    for shift in (press(figure, "added to all", "Home"), press(figure, "added to all", "End")):
        slider(figure, "added to all").fill(str(shift))
        shows(figure, *probabilities(z + shift))
    figure.get_by_role("button", name="Reset").click()
    shows(figure, *probabilities(np.array([4.0, 3.0, -1.5])))
    assert slider(figure, "added to all").input_value() == "0"


def test_the_bars_of_the_probabilities_are_as_high_as_they_say(opened):
    figure = opened("probabilities")
    slider(figure, "logit of 7").fill("-8")
    z = np.array([4, -8, -1.5])
    shows(figure, *probabilities(z))
    texts = figure.locator("svg .mark-text.role-mark text").all_text_contents()
    assert texts[:6] == [f"{p:.2f}" for p in (*expit(z), *softmax(z))]
    boxes = [bar.bounding_box() for bar in figure.locator("svg .mark-rect.role-mark path").all()]
    heights = np.array([box["height"] for box in boxes[:6]])
    assert heights / heights[0] == pytest.approx(np.array([*expit(z), *softmax(z)]) / expit(z)[0], abs=0.02)


def clipped(exponent, z):
    """Return what the figure should tell of the losses, by Keras in double precision."""
    import keras
    import tensorflow as tf

    from mlhelpers.losses import ClippedBinaryCrossentropy

    epsilon, logit = 10**exponent, tf.Variable([[z]], dtype="float64")
    found = []
    for loss in (
        lambda: ClippedBinaryCrossentropy(epsilon, dtype="float64")(tf.zeros_like(logit), tf.sigmoid(logit)),
        lambda: keras.losses.BinaryCrossentropy(from_logits=True, dtype="float64")(tf.zeros_like(logit), logit),
    ):
        with tf.GradientTape() as tape:
            value = loss()
        found += [float(value), float(tape.gradient(value, logit)[0, 0])]
    acts = not epsilon < expit(-z) < 1 - epsilon
    kept = f", clipped to {np.clip(expit(-z), epsilon, 1 - epsilon):.1e}" if acts else ", not clipped"
    exponents = re.compile(r"e-0")
    template = (
        f"1 - p = {expit(-z):.1e}{kept}; clipped: loss = -log({np.clip(expit(-z), epsilon, 1 - epsilon):.1e}) = #, "
        "slope #; from logits: loss = #, slope #; The clip acts beyond the logits ±#."
    )
    return exponents.sub("e-", template).replace("e+00", "e+0"), [*found, np.log((1 - epsilon) / epsilon)]


def test_clipped_loss(opened):
    figure = opened("clipped loss")
    epsilon, logit = "epsilon, a power of ten", "logit of an absent label"
    at = [-7.0, 18.0]
    shows_clipped(figure, at)
    for k, keys in (
        (1, ["ArrowLeft"] * 4),  # to 16, left of the clip
        (0, ["ArrowRight"] * 10),
        (0, ["End"]),
        (1, ["Home"]),  # and there on its other side
        (0, ["Home"]),
        (1, ["End"]),
    ):
        at[k] = press(figure, (epsilon, logit)[k], *keys)
        shows_clipped(figure, at)
    slider(figure, logit).fill("2.5")
    shows_clipped(figure, [at[0], 2.5])


def shows_clipped(figure, at):
    template, values = clipped(*at)
    shows(figure, template, [*values[:-1], round(values[-1], 1)])


def counts_at(rows, threshold):
    y, score, n = (np.array([row[key] for row in rows]) for key in ("there", "score", "n"))
    y, score = np.repeat(y, n), np.repeat(score, n)
    return LabelCounts.from_predictions(y[:, None], score[:, None] > threshold)


def measures(counts, threshold):
    tp, fp, fn, tn = (int(getattr(counts, k)[0]) for k in ("tp", "fp", "fn", "tn"))
    precision = " = #" if tp + fp else ", undefined"
    template = (
        f"threshold {threshold:.2f}: tp {tp}, fp {fp}, fn {fn}, tn {tn}; "
        f"precision = tp / (tp + fp) = {tp} / ({tp} + {fp}){precision}; "
        f"recall = tp / (tp + fn) = {tp} / ({tp} + {fn}) = #; "
        f"F1 = 2·tp / (2·tp + fp + fn) = {2 * tp} / ({2 * tp} + {fp} + {fn}) = #"
    )
    defined = counts.precision("micro", np.nan)
    return template, [value for value in (defined, counts.recall("micro"), counts.f1("micro")) if not np.isnan(value)]


def test_threshold(opened):
    figure = opened("threshold")
    data = [data.get("values", [{}]) for data in specification(figure)["data"]]
    rows = [row for rows in data if "score" in rows[0] for row in rows]
    assert sum(row["n"] for row in rows) == 1000  # the validation scenes
    shows(figure, *measures(counts_at(rows, 0.5), 0.5))
    for keys in (["ArrowLeft"] * 7, ["Home"], ["ArrowRight"] * 3, ["End"], ["ArrowLeft"], ["PageDown"] * 4):
        threshold = press(figure, "threshold", *keys)
        shows(figure, *measures(counts_at(rows, threshold), threshold))
    for threshold in (*np.arange(0, 101, 10) / 100, 0.29, 0.57, 0.58):  # the last three times 100 are below 29, 57, 58
        slider(figure, "threshold").fill(str(threshold))
        shows(figure, *measures(counts_at(rows, threshold), threshold))


def test_names_of_rows_stand_free_and_the_legend_at_the_curves(opened):
    figure = opened("threshold")
    slider(figure, "threshold").fill("0.05")
    figure.locator("svg", has_text="threshold 0.05").wait_for()
    texts, lines = dict(boxes(figure, "svg text")), boxes(figure, "svg .mark-rule line")
    for row, (_, line) in ((texts[name], line) for name in ("7 is there", "7 is not there") for line in lines):
        assert not (line["y"] < row["y"] + row["height"] and row["y"] < line["y"] + line["height"])
    ticks = boxes(figure, "svg .mark-rect.role-mark path")
    assert texts["precision"]["y"] > max(tick["y"] + tick["height"] for _, tick in ticks)
    fills = set(
        figure.locator("svg .mark-rect.role-mark path").evaluate_all("all => all.map(e => e.getAttribute('fill'))")
    )
    curves = figure.locator("svg .mark-line.role-mark path").evaluate_all(
        "all => all.map(e => e.getAttribute('stroke'))"
    )
    assert len(fills) == 2 and len(curves) == 3 and not fills & set(curves)


def averages(counts, found, times):
    tp, fp, fn = (np.array(counts[k], dtype=float) for k in ("tp", "fp", "fn"))
    n = tp[8] + fn[8]
    tp[8], fn[8] = times * found, times * (n - found)
    sizes = 2 * tp + fp + fn
    f1, sums = 2 * tp / sizes, [x.sum() for x in (tp, fp, fn)]
    micro = 2 * tp.sum() / sizes.sum()
    (t, p, m), (all_t, all_p, all_m) = (
        [f"{v:.1f}".removesuffix(".0") for v in each] for each in ((tp[8], fp[8], fn[8]), sums)
    )
    template = (
        f"F1 of 8 = 2·{t} / (2·{t} + {p} + {m}) = #; its recall #, its precision #; macro-F1 = (# + #) / 10 = #; "
        f"micro-F1 = 2·{all_t} / (2·{all_t} + {all_p} + {all_m}) = #"
    )
    recall, precision = tp[8] / (tp[8] + fn[8]), tp[8] / (tp[8] + fp[8])
    return template, [f1[8], recall, precision, f1.sum() - f1[8], f1[8], f1.mean(), micro], 3


def test_averages(opened):
    figure = opened("averages")
    signals = {signal["name"]: signal for signal in specification(figure)["signals"]}
    found, n = int(signals["found"]["value"]), int(signals["found"]["bind"]["max"])
    starts = {"times * found": found, f"times * ({n} - found)": n - found}
    items = {k: signals[f"{k}s"]["update"].strip("[]").split(", ") for k in ("tp", "fp", "fn")}
    counts = {k: [starts[v] if v in starts else int(v) for v in values] for k, values in items.items()}
    assert [k for k, values in items.items() if values[8] in starts] == ["tp", "fn"]  # false positives stay
    labels = [f"found, of each {n} with 8", "number of samples with 8, times"]
    at = [found, 1]
    shows(figure, *averages(counts, *at))
    for k, keys in (
        (1, ["Home"]),
        (1, ["End"]),
        (0, ["Home"]),
        (1, ["ArrowLeft"] * 3),
        (0, ["End"]),
        (0, ["ArrowLeft"]),
    ):
        at[k] = float(press(figure, labels[k], *keys))
        shows(figure, *averages(counts, *at))
    slider(figure, labels[0]).fill("35")
    shows(figure, *averages(counts, 35, at[1]))


def test_costs(opened):
    figure, at = opened("costs"), {"threshold": 0.5, "cost of a false alarm, c_fp": 1, "cost of a miss, c_fn": 5}
    shows(figure, *figure_words.costs(Y, expit(Z), *at.values()), digits=3)
    threshold, c_fp, c_fn = at
    for label, keys in (
        (threshold, ["ArrowLeft"] * 7),
        (c_fn, ["End"]),
        (threshold, ["Home"]),
        (c_fp, ["End"]),
        (threshold, ["End"]),
        (c_fn, ["Home"]),
        (c_fp, ["ArrowLeft"] * 3),
    ):
        at[label] = press(figure, label, *keys)
        at |= {cost: int(at[cost]) for cost in (c_fp, c_fn)}
        shows(figure, *figure_words.costs(Y, expit(Z), *at.values()), digits=3)
    figure.get_by_role("button", name="Reset").click()
    shows(figure, *figure_words.costs(Y, expit(Z), 0.5, 1, 5), digits=3)


def test_the_three_thresholds_stand_where_the_text_says(opened):
    figure = opened("costs")
    slider(figure, "cost of a miss, c_fn").fill("20")
    shows(figure, *figure_words.costs(Y, expit(Z), 0.5, 1, 20), digits=3)
    text = figure.locator(".interactive-caption").text_content()
    told = re.search(r"threshold ([\d.]+): .* = (\d+); lowest cost: (\d+),.*? ([\d.]+); .* at ([\d.]+): (\d+),", text)
    threshold, cost, lowest, best, asked, there = map(float, told.groups())
    symbols = figure.locator("svg .mark-symbol.role-mark path").all()
    middles = [symbol.evaluate("e => [e.getCTM().e, e.getCTM().f]") for symbol in symbols]
    (x1, y1), (x2, y2), (x3, y3) = middles
    assert (x2 - x1) / (x3 - x1) == pytest.approx((best - threshold) / (asked - threshold), abs=0.01)
    assert (y2 - y1) / (y3 - y1) == pytest.approx((lowest - cost) / (there - cost), abs=0.01)


def test_calibration(opened):
    figure, at = opened("calibration"), {WEIGHT: 0.0, "temperature": 1.0, "bin in the text, up to": 0.8}
    shows(figure, *figure_words.calibration(Y, 2 * Z, *at.values()), digits=3)
    weight, temperature, upto = at
    for label, keys in (
        (temperature, ["ArrowRight"] * 20),  # to 2, which makes them right
        (weight, ["ArrowRight"] * 3),
        (weight, ["End"]),
        (temperature, ["End"]),
        (upto, ["Home"]),
        (weight, ["Home"]),
        (upto, ["End"]),  # where no sample is
        (temperature, ["Home"]),
        (upto, ["ArrowLeft"]),
    ):
        at[label] = press(figure, label, *keys)
        shows(figure, *figure_words.calibration(Y, 2 * Z, *at.values()), digits=3)
    for label, value in ((weight, 0), (temperature, 2), (upto, 0.5)):  # logits of 0 belong to the bin up to 0.5
        slider(figure, label).fill(str(value))
    shows(figure, *figure_words.calibration(Y, 2 * Z, 0, 2, 0.5), digits=3)


def test_the_diagram_is_that_of_scikit_learn_and_the_bars_hold_all_samples(opened):
    figure = opened("calibration")
    slider(figure, WEIGHT).fill("3")
    shows(figure, *figure_words.calibration(Y, 2 * Z, 3, 1, 0.8), digits=3)
    p = expit(2 * Z + 3 * np.log(2))
    frequencies, means = calibration_curve(Y, p, n_bins=10, strategy="uniform")
    symbols = figure.locator("svg .mark-symbol.role-mark path").all()
    middles = np.array([symbol.evaluate("e => [e.getCTM().e, e.getCTM().f]") for symbol in symbols])
    middles = middles[np.argsort(middles[:, 0])]
    spans = np.column_stack([means, -frequencies])  # a picture's heights count downwards
    scaled = (middles - middles[0]) / (middles[-1] - middles[0])
    np.testing.assert_allclose(scaled, (spans - spans[0]) / (spans[-1] - spans[0]), atol=0.01)
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, 11)[1:-1], p), minlength=10)
    words = figure.locator("svg .mark-text.role-mark:not(.caption_marks) text").all_text_contents()
    assert sorted(map(int, words)) == sorted(counts[counts > 0])


@pytest.mark.parametrize("name", [*FIGURES, *MADE])
def test_a_figure_is_reached_by_keyboard_and_its_focus_shows(page, opened, name):
    figure = opened(name)
    controls = figure.locator("input, button")
    controls.first.focus()
    for control in controls.all():
        assert control.evaluate("element => element === document.activeElement")
        page.keyboard.press("Shift")  # the focus ring is for those who use the keyboard
        assert control.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
        page.keyboard.press("Tab")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", [*FIGURES, *MADE])
def test_axe_has_no_complaint_and_nothing_is_wider_than_a_phone(page, opened, name, theme):
    page.emulate_media(color_scheme=theme)
    figure = opened(name)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    found = Axe().run(page, context="figure.interactive").response["violations"]
    assert [violation["id"] for violation in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert all(part.bounding_box()["width"] <= PHONE["width"] - 20 for part in figure.locator("svg, form").all())
    sizes = figure.locator("svg text").evaluate_all("texts => texts.map(t => t.getBoundingClientRect().height)")
    assert min(size for size in sizes if size) >= 11


def test_a_figure_follows_the_theme(page, opened):
    figure = opened("averages")
    colours = []
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        text, rule = figure.locator("svg text").first, figure.locator("svg .mark-rule.role-mark line").first
        ink = page.evaluate("getComputedStyle(document.querySelector('article p:not(.times)')).color")
        assert text.evaluate("e => getComputedStyle(e).fill") == ink
        assert rule.evaluate("e => getComputedStyle(e).stroke") == ink
        colours.append(ink)
    assert colours[0] != colours[1]


@pytest.mark.parametrize("name", [*FIGURES, *MADE])
def test_nothing_is_fetched_from_a_network(chromium, address, name):
    context = chromium.new_context()
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    figure = live(page, *address(name))
    figure.locator("input").first.press("End")
    assert [url for url in asked if not url.startswith(LOCAL)] == []
    assert sum("_static/interactive.js" in url for url in asked) == 1
    context.close()


@pytest.mark.parametrize("name", [*FIGURES, *MADE])
def test_without_scripts_there_is_a_picture_with_its_words_and_no_slider(chromium, address, name):
    context = chromium.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    url, place = address(name)
    page.goto(url)
    figure = page.locator("figure.interactive").nth(place)
    picture = figure.get_by_role("img")
    assert picture.is_visible() and len(picture.get_attribute("aria-label")) > 60
    assert figure.locator("input").count() == 0
    context.close()


def test_only_pages_with_a_figure_load_the_script():
    pages = {page: page.read_text(encoding="utf-8") for page in HTML.rglob("*.html") if "_static" not in page.parts}
    loading = {page for page, text in pages.items() if "_static/interactive.js" in text}
    assert loading == {HTML / "chapters" / f"{chapter}.html" for chapter, _ in FIGURES.values()}


@pytest.fixture(scope="module", params=["5.8", None], ids=["Vega-Lite 5.8", "newest Vega-Lite"])
def front_end(request, chromium):
    """Return a page with nothing but vega-embed, as in JupyterLab: in the oldest version at hand and in the newest."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_content("<div id='shown'></div>")
    page.add_script_tag(content=vl_convert.javascript_bundle(vl_version=request.param))
    yield page
    context.close()


def stored_specification(chapter, place):
    notebook = nbformat.read(ROOT / "chapters" / f"{chapter}.ipynb", as_version=4)
    stored = [o.data[MIME_TYPE] for c in notebook.cells for o in c.get("outputs", []) if MIME_TYPE in o.get("data", {})]
    return stored[place]


@pytest.mark.parametrize("name", [*FIGURES, *MADE])
def test_the_stored_specification_lives_in_other_front_ends(front_end, name):
    spec = MADE[name].spec if name in MADE else stored_specification(*FIGURES[name])
    front_end.evaluate("async spec => { await vegaEmbed('#shown', spec, { renderer: 'svg' }) }", spec)
    shown = front_end.locator("#shown")
    before = shown.locator("svg.marks").text_content()
    assert "=" in before or "sum" in before
    shown.locator("input[type=range]").first.press("Home")
    end = time.monotonic() + 10
    while shown.locator("svg.marks").text_content() == before:
        assert time.monotonic() < end
