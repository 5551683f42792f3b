"""The interactive figures: what they refuse, what they store, what the build makes of them."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import sys
import types
from html import unescape
from pathlib import Path

import altair
import extensions
import figure_words
import numpy as np
import pytest
import vl_convert
from scipy.special import expit

from mlhelpers import interactive
from mlhelpers.metrics import LabelCounts

ROOT = Path(__file__).parent.parent
COUNTS = LabelCounts(tp=[40, 1], fp=[2, 0], fn=[2, 3], tn=[56, 96])
TRUTH, SCORES, LOGITS = [1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1], [1.2, -0.4, 0.5, -2.2]
FIGURES = {
    "probabilities": lambda: interactive.explore_probabilities([4, 3, -1.5], label_names=["3", "a 'b' \"c\"", "8"]),
    "clipped_loss": lambda: interactive.explore_clipped_loss(),
    "threshold": lambda: interactive.explore_threshold(TRUTH, SCORES, label_name="owl's"),
    "averages": lambda: interactive.explore_averages(COUNTS, label_names=["beach", "owl's"]),
    "costs": lambda: interactive.explore_costs(TRUTH, SCORES, label_name="owl's"),
    "calibration": lambda: interactive.explore_calibration(TRUTH, LOGITS, label_name="owl's"),
}
STARTS = {
    "probabilities": "sigmoid: sum 2.12, above one half: {3, a 'b' \"c\"}; softmax: sum 1.00, above one half: {3}",
    "clipped_loss": "1 − p = 1.5e-8, clipped to 1.0e-7; clipped: loss = −log(1.0e-7) = 16.12, slope 0.00; "
    "from logits: loss = 18.00, slope 1.00; The clip acts beyond the logits ±16.1.",
    "threshold": "threshold 0.50: tp 1, fp 1, fn 1, tn 1; precision = tp / (tp + fp) = 1 / (1 + 1) = 0.50; "
    "recall = tp / (tp + fn) = 1 / (1 + 1) = 0.50; F1 = 2·tp / (2·tp + fp + fn) = 2 / (2 + 1 + 1) = 0.50",
    "averages": "F1 of owl's = 2·1 / (2·1 + 0 + 3) = 0.400; its recall 0.250, its precision 1.000; "
    "macro-F1 = (0.952 + 0.400) / 2 = 0.676; "
    "micro-F1 = 2·41 / (2·41 + 2 + 5) = 0.921",
    "costs": "threshold 0.50: tp 1, fp 1, fn 1, tn 1; cost = c_fp·fp + c_fn·fn = 1·1 + 5·1 = 6; "
    "lowest cost: 1, first at the threshold 0.10; calibrated: c_fp / (c_fp + c_fn) = 1 / (1 + 5) = 0.167; "
    "cost there, at 0.17: 1, which is 0 above the lowest",
    # p = .769, .401, .622, .100, each in a bin of its own: differences .231, .599, .622, .100
    "calibration": "weight 1: p = sigmoid((z + log 1) / 1.00); p from 0.7 to 0.8: 1 sample, mean p 0.769; "
    "owl's is there in 1 of them; frequency 1.000, interval 0.207 to 1.000; "
    "ECE = Σ n·|mean p − frequency| / N = 1.552 / 4 = 0.388; Brier score = Σ (p − y)² / N = 0.809 / 4 = 0.202",
}


def told(figure, vl_version=None, **sliders):
    """Return the lines of text of a figure with sliders at other places, from the picture that Vega draws of it."""
    spec = figure.spec
    for param in spec["params"]:
        param.update({"value": sliders.pop(param["name"])} if param["name"] in sliders else {})
    assert not sliders
    svg = vl_convert.vegalite_to_svg(spec, vl_version=vl_version)
    return "; ".join(unescape(line) for line in re.findall(r"<tspan[^>]*>(.*?)</tspan>", svg))


@pytest.fixture
def extension():
    """Return the extension that puts the figures into the book."""
    return extensions.extension("interactive")


@pytest.fixture(params=FIGURES)
def name(request):
    return request.param


def svg_texts(svg):
    """Return the texts of a picture; lines of one text follow each other without a break."""
    return [unescape(re.sub(r"<[^>]+>", "", text)) for text in re.findall(r"<text[^>]*>(.*?)</text>", svg)]


def test_the_specification_is_valid_and_the_same_every_time(name):
    figure = FIGURES[name]()
    altair.Chart.from_dict(figure.spec | {"$schema": altair.SCHEMA_URL})  # validates
    assert json.dumps(figure.spec) == json.dumps(FIGURES[name]().spec)


def test_the_specification_names_no_address_but_its_schema(name):
    spec = FIGURES[name]().spec
    assert spec.pop("$schema") == "https://vega.github.io/schema/vega-lite/v5.json"
    assert re.findall(r"\w+://", json.dumps(spec)) == []
    assert len(json.dumps(spec)) < 10_000


def test_a_notebook_stores_specification_picture_and_sentence(name):
    figure = FIGURES[name]()
    bundle = figure._repr_mimebundle_()
    assert bundle[interactive.MIME_TYPE] == figure.spec
    assert bundle["text/plain"] == repr(figure) == figure.spec["description"]
    picture = base64.b64decode(bundle["image/png"])
    assert picture.startswith(b"\x89PNG") and len(picture) < 60_000
    assert bundle == FIGURES[name]()._repr_mimebundle_()


def test_without_vl_convert_there_is_no_picture(monkeypatch):
    monkeypatch.setattr(interactive._figure, "_importable", lambda module: False)
    assert set(FIGURES["clipped_loss"]()._repr_mimebundle_()) == {interactive.MIME_TYPE, "text/plain"}


def test_in_colab_altair_shows_the_figure(monkeypatch):
    for module in ("google", "google.colab"):
        made = types.ModuleType(module)
        made.__spec__ = importlib.util.spec_from_loader(module, loader=None)
        monkeypatch.setitem(sys.modules, module, made)
    shown = FIGURES["clipped_loss"]()._repr_mimebundle_()
    bundle = shown[0] if isinstance(shown, tuple) else shown
    assert "vegaEmbed" in bundle["text/html"]


def test_a_module_of_a_package_that_is_not_there_is_not_there():
    assert not interactive._figure._importable("no_such_package.module")
    assert interactive._figure._importable("importlib.util")


def test_without_altair_an_error_says_how_to_get_it(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(ImportError, match="run: pip install altair"):
        FIGURES[name]()


def test_what_the_axes_and_sliders_say():
    spec = {name: json.dumps(make().spec) for name, make in FIGURES.items()}
    assert '"title": "probability"' in spec["probabilities"]
    assert '"found, of each 4 with owl\'s"' in spec["averages"]
    assert '"number of samples with owl\'s, times"' in spec["averages"]
    assert all('"labelFlush": false' in text for text in spec.values())


def made_samples(n, scale, seed=0):
    """Return a label that is rare, and its logits, too sure of themselves; some of them are exactly 0."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-1.5, 1.5, n).round(2)
    z[:5] = 0
    return (rng.random(n) < expit(z)).astype(int), scale * z


@pytest.mark.parametrize(
    ("threshold", "c_fp", "c_fn"),
    # 1 / (1 + 7) is just between two hundredths, and 0.29, 0.57 and 0.58 times 100 lie below 29, 57 and 58
    [(0.5, 1, 5), (0, 1, 1), (1, 100, 1), (0.29, 1, 100), (0.57, 1, 7), (0.58, 7, 1), (0.03, 100, 100)],
)
def test_costs_are_those_of_scikit_learns_counts(threshold, c_fp, c_fn):
    y, z = made_samples(300, 1)
    scores = expit(z)
    scores[:3] = 0.5, 0, 1  # at a threshold, and at the ends
    template, values = figure_words.costs(y, scores, threshold, c_fp, c_fn)
    figure = interactive.explore_costs(y, scores, threshold=threshold, cost_fp=c_fp, cost_fn=c_fn)
    text = told(figure)
    assert figure_words.numbers(text, template) == pytest.approx(values, abs=0.000501)
    start = re.search(
        r"a false alarm costs (\d+) and a miss (\d+), .*: (\d+) at (.*), and at least (\d+), at (.*)\.", repr(figure)
    )
    cost, lowest, at = re.search(r"= (\d+); lowest cost: (\d+),.* threshold (.*?);", text).groups()
    assert start.groups() == (str(c_fp), str(c_fn), cost, f"{threshold:.2f}", lowest, at)


@pytest.mark.parametrize(
    ("exponent", "temperature", "upto"),
    [
        (0, 1, 0.5),
        (0, 1, 0.6),
        (0, 1, 1),
        (3.3, 1, 0.9),
        (-3.3, 1.85, 0.1),
        (7, 0.2, 1),
        (-7, 0.2, 0.5),
        (7, 5, 0.7),
        (-7, 5, 0.1),
    ],
)
def test_reliability_is_that_of_scikit_learn_and_of_the_report(exponent, temperature, upto):
    y, z = made_samples(300, 2)
    z[5:7] = 800, -800  # probabilities of exactly 0 and 1
    figure = interactive.explore_calibration(y, z, label_name="owl")
    template, values = figure_words.calibration(y, z, exponent, temperature, upto)
    found = figure_words.numbers(told(figure, exponent=exponent, temperature=temperature, upto=upto), template)
    assert found == pytest.approx(values, abs=0.000501)


def test_every_bin_is_told_and_empty_ones_are_empty():
    y, z = made_samples(300, 1)
    figure, n = interactive.explore_calibration(y, z, label_name="owl"), []
    for upto in np.arange(1, 11) / 10:  # with temperature 5, no probability is near 0 or 1
        text = told(figure, temperature=5, upto=upto)
        template, values = figure_words.calibration(y, z, 0, 5, upto)
        assert figure_words.numbers(text, template) == pytest.approx(values, abs=0.000501)
        n.append(int(re.search(r"(\d+) samples?,", text)[1]))
    assert sum(n) == 300 and n[0] == n[-1] == 0 and sum(k > 0 for k in n) > 3


@pytest.mark.parametrize("name", ["costs", "calibration"])
def test_older_front_ends_tell_the_same(name):
    assert told(FIGURES[name](), "5.8") == STARTS[name]


def test_a_weight_and_its_inverse_undo_each_other():
    y, z = made_samples(300, 1)
    weighted = interactive.explore_calibration(y, z + 4 * np.log(2))
    assert told(weighted, exponent=-4).split("; ")[1:] == told(interactive.explore_calibration(y, z)).split("; ")[1:]
    sharpened = interactive.explore_calibration(y, 3 * z)
    assert told(sharpened, temperature=3).split("; ")[1:] == told(interactive.explore_calibration(y, z)).split("; ")[1:]


def test_unknown_labels_are_left_out():
    truth, scores, logits = [*TRUTH, -1, np.nan], [*SCORES, 0.3, 0.9], [*LOGITS, 0.3, -9]
    for explore, values in (
        (interactive.explore_threshold, scores),
        (interactive.explore_costs, scores),
        (interactive.explore_calibration, logits),
    ):
        assert repr(explore(truth, values, allow_missing=True)) == repr(explore(TRUTH, values[:4]))
        with pytest.raises(ValueError, match=r"y_true .*allow_missing=True"):
            explore(truth, values)
        with pytest.raises(ValueError, match="y_true holds no known label"):
            explore([-1, -1], values[:2], allow_missing=True)


def test_ten_thousand_samples_are_stored_in_few_digits():
    y, z = made_samples(10_000, np.pi)
    assert len(json.dumps(interactive.explore_calibration(y, z).spec)) < 120_000
    with pytest.raises(ValueError, match=r"y_true holds 10001 known labels, expected 10000 at most.*draw some"):
        interactive.explore_calibration([*y, 1], [*z, 0])
    interactive.explore_calibration([*y, -1], [*z, 0], allow_missing=True)


def test_scores_are_rounded_to_the_same_side_of_every_threshold():
    rng = np.random.default_rng(0)
    grid = np.arange(101) / 100
    scores = np.concatenate([rng.random(20_000), grid, np.nextafter(grid, 1), np.nextafter(grid[1:], 0), [1e-9]])
    rounded = interactive._one_label.rounded_up(scores)
    np.testing.assert_array_equal(rounded[:, None] > grid, scores[:, None] > grid)
    assert np.abs(rounded - scores).max() < 1.001e-4
    np.testing.assert_array_equal(rounded, rounded.round(4))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: interactive.explore_probabilities([1.0]), ValueError, "logits holds 1 numbers, expected two to four"),
        (
            lambda: interactive.explore_probabilities([1.0, 9]),
            ValueError,
            "logits holds 9, expected numbers from -8 to",
        ),
        (lambda: interactive.explore_probabilities([0, np.nan]), ValueError, "logits holds nan"),
        (lambda: interactive.explore_probabilities("ab"), TypeError, "logits must be an array"),
        (lambda: interactive.explore_probabilities([0, 1], label_names="ab"), TypeError, "label_names"),
        (
            lambda: interactive.explore_clipped_loss(epsilon=0),
            ValueError,
            "epsilon must be a number from 1e-09 to 0.1, got 0",
        ),
        (lambda: interactive.explore_clipped_loss(logit=30), ValueError, "logit must be a number from -5 to 25"),
        (lambda: interactive.explore_clipped_loss(logit="a"), TypeError, "logit must be a number, got 'a' of type str"),
        (lambda: interactive.explore_clipped_loss(logit=[3]), TypeError, "logit must be a number, got"),
        (lambda: interactive.explore_clipped_loss(epsilon=np.nan), ValueError, "epsilon must be a number from"),
        (lambda: interactive.explore_threshold(TRUTH, SCORES[:3]), ValueError, "y_score"),
        (lambda: interactive.explore_threshold([TRUTH], SCORES), ValueError, "y_true has shape"),
        (lambda: interactive.explore_threshold([0, 2], [0.1, 0.2]), ValueError, "y_true"),
        (lambda: interactive.explore_threshold([1, 1], [0.1, 0.2]), ValueError, "y_true holds nothing but 1"),
        (
            lambda: interactive.explore_threshold([0, 1], [0.1, 2]),
            ValueError,
            "y_score holds 2, expected numbers from 0",
        ),
        (lambda: interactive.explore_threshold(TRUTH, SCORES, threshold=0.505), ValueError, "threshold must be one of"),
        (lambda: interactive.explore_threshold(TRUTH, SCORES, threshold=1.5), ValueError, "threshold must be a number"),
        *(
            (lambda t=t: interactive.explore_threshold(TRUTH, SCORES, threshold=t), error, "threshold must be a number")
            for t, error in ((np.nan, ValueError), (np.inf, ValueError), ("0.5", TypeError), ([0.5], TypeError))
        ),
        (
            lambda: interactive.explore_probabilities([0, 1], label_names=["a", "a"]),
            ValueError,
            "label_names holds 'a' more than once",
        ),
        (lambda: interactive.explore_averages(COUNTS, label_names=["aa"] * 2), ValueError, "more than once"),
        (lambda: interactive.explore_averages([[1, 2]]), TypeError, "counts must be LabelCounts, got list"),
        (
            lambda: interactive.explore_averages(LabelCounts([1], [0], [0], [0])),
            ValueError,
            "expected two labels or more",
        ),
        (
            lambda: interactive.explore_averages(LabelCounts([1, 0], [0] * 2, [0] * 2, [0] * 2)),
            ValueError,
            "a positive",
        ),
        *(
            (lambda explore=explore: explore(TRUTH, SCORES[:3]), ValueError, "has shape")
            for explore in (interactive.explore_costs, interactive.explore_calibration)
        ),
        (lambda: interactive.explore_costs(TRUTH, [0.1, 0.2, 0.3, 2]), ValueError, "y_score holds 2, expected"),
        (lambda: interactive.explore_costs([0, 0], [0.1, 0.2]), ValueError, "y_true holds nothing but 0"),
        (lambda: interactive.explore_costs(TRUTH, SCORES, threshold=0.505), ValueError, "threshold must be one of"),
        (lambda: interactive.explore_costs(TRUTH, SCORES, cost_fp=0), ValueError, "cost_fp must be at least 1, got 0"),
        (lambda: interactive.explore_costs(TRUTH, SCORES, cost_fn=101), ValueError, "cost_fn must be at most 100, got"),
        (lambda: interactive.explore_costs(TRUTH, SCORES, cost_fn=2.5), TypeError, "cost_fn must be an integer"),
        (lambda: interactive.explore_costs(TRUTH, SCORES, cost_fp=True), TypeError, "cost_fp must be an integer"),
        (lambda: interactive.explore_calibration(TRUTH, SCORES), ValueError, "logits holds .* look like probabilities"),
        (lambda: interactive.explore_calibration([1, 0], [1001, 0]), ValueError, "logits holds 1001, expected numbers"),
        (lambda: interactive.explore_calibration([1, 0], [np.inf, 0]), ValueError, "logits holds inf"),
        (lambda: interactive.explore_calibration([1, 0], [np.nan, 0]), ValueError, "logits holds nan"),
        (lambda: interactive.explore_calibration([1, 0], "ab"), TypeError, "logits must be an array"),
        (lambda: interactive.explore_calibration([[1, 0]], [2, 0]), ValueError, "y_true has shape"),
        (lambda: interactive.explore_calibration([1, 1], [2, 0]), ValueError, "y_true holds nothing but 1"),
        (lambda: interactive.explore_averages(COUNTS, 2), ValueError, "label is 2, but there are 2 labels"),
        (lambda: interactive.explore_averages(COUNTS, -3), ValueError, "label must be at least -2"),
        (lambda: interactive.explore_averages(COUNTS, 0.5), TypeError, "label must be an integer"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("character", "\0\n\x1b\x85\u2028\u2029\ud800\uffff")
def test_names_hold_only_what_a_picture_can_hold(character):
    name = f"a{character}b"
    for call in (
        lambda: interactive.explore_probabilities([0, 1], label_names=["a", name]),
        lambda: interactive.explore_averages(COUNTS, label_names=["a", name]),
        lambda: interactive.explore_threshold(TRUTH, SCORES, label_name=name),
        lambda: interactive.explore_costs(TRUTH, SCORES, label_name=name),
        lambda: interactive.explore_calibration(TRUTH, LOGITS, label_name=name),
    ):
        with pytest.raises(
            ValueError, match=rf"label_names? holds 'a\\.*leave out the character U\+{ord(character):04X}"
        ):
            call()


def test_no_name_ends_the_script_of_the_page_or_keeps_it_open(extension):
    names = ["<!--<script>", "</script>"]
    html = extension.figure_html(interactive.explore_averages(COUNTS, label_names=names).spec, "")
    data = re.search(r'<script type="application/json">(.*)</script></figure>$', html)[1]
    assert "<" not in data
    assert all(name in json.dumps(json.loads(data)) for name in names)


def test_the_page_shows_the_start_without_a_script(name, extension):
    html = extension.figure_html(FIGURES[name]().spec, 'alt "text"')
    picture, rest = html.split("</svg>")
    assert 'role="img" aria-label="alt &quot;text&quot;"' in picture
    assert STARTS[name].replace("; ", "") in svg_texts(picture)
    spec = re.search(r'<script type="application/json">(.*)</script>', rest)[1]
    assert json.loads(spec)["$schema"].startswith("https://vega.github.io/schema/vega/")


def notebook(*outputs):
    cell = {"cell_type": "code", "metadata": {"mystnb": {"image": {"alt": "what one sees"}}}, "outputs": [*outputs]}
    return json.dumps({"cells": [{"cell_type": "markdown", "metadata": {}, "source": ""}, cell]})


def app_of(tmp_path, loaded):
    env = types.SimpleNamespace(doc2path=lambda name: name)
    return types.SimpleNamespace(
        env=env, outdir=tmp_path, add_js_file=lambda file, **options: loaded.append((file, options))
    )


def test_only_interactive_outputs_are_replaced(extension, tmp_path):
    bundle = FIGURES["averages"]()._repr_mimebundle_()
    other = {"output_type": "display_data", "data": {"text/plain": "7"}}
    source = [notebook({"output_type": "execute_result", "data": bundle}, other, {"output_type": "stream", "text": ""})]
    extension.show_figures(app_of(tmp_path, []), "page.ipynb", source)
    shown, *rest = json.loads(source[0])["cells"][1]["outputs"]
    assert list(shown["data"]) == ["text/html"]
    assert shown["data"]["text/html"].startswith('<figure class="interactive">')
    assert "what one sees" in shown["data"]["text/html"]
    assert rest == [other, {"output_type": "stream", "text": ""}]


def test_pages_of_text_are_left_alone(extension, tmp_path):
    source = ["# Not a notebook"]
    extension.show_figures(app_of(tmp_path, []), "page.md", source)
    assert source == ["# Not a notebook"]


def test_only_pages_with_a_figure_load_the_script_which_is_bundled_once(extension, tmp_path, monkeypatch):
    made, loaded = [], []
    monkeypatch.setattr(extension, "bundle", lambda: made.append(1) or "script")
    (tmp_path / "_static").mkdir()
    app = app_of(tmp_path, loaded)
    for page in ("plain", extension.FIGURE, extension.FIGURE):
        extension.load_script(app, "page", "page.html", {"body": page}, None)
    assert len(made) == 1
    assert loaded == [("interactive.js", {"loading_method": "defer"})] * 2
    assert (tmp_path / "_static" / "interactive.js").read_text() == "script"


def test_the_bundle_is_one_small_classic_script_without_an_address_to_load(extension):
    script = extension.bundle()
    assert len(script) < 620_000
    assert not re.search(r"(?m)^\s*(?:import|export)\b|cdn\.|jsdelivr", script)
    assert script.startswith("(() => {")
