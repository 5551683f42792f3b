"""How uncertain thresholds are: beside a bootstrap of repeated rows by hand, and beside other samples."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
from scored_labels import made_up

from mlhelpers.thresholds import Thresholds, fit_thresholds

Y, SCORES = made_up(200)
SCORES = np.round(SCORES, 2)
PARTLY = np.where(np.random.default_rng(1).random(Y.shape) < 0.2, -1, Y)
WEIGHTS = np.random.default_rng(2).integers(0, 4, size=200)
OBJECTIVES = [
    {},
    {"objective": "micro_f1"},
    {"objective": "recall_at_precision", "at_least": 0.6},
    {"objective": "precision_at_recall", "at_least": 0.6},
    {"objective": "cost", "cost_fp": [1, 2, 3, 4], "cost_fn": [4, 4, 4, 4]},
    {"objective": "cost", "cost_fp": 1, "cost_fn": 3},
]
BOTH = {"objective": "macro_and_micro_f1"}


def of_order(values):
    """Return the lowest values with at least 5 and 95 % of 40 at or below them: the second and the 38th."""
    return np.sort(values, axis=0)[[1, 37]]


@pytest.mark.parametrize("options", OBJECTIVES)
@pytest.mark.parametrize("case", ["plain", "guarded", "fixed", "unknown", "weighted"])
def test_a_resample_is_repeated_rows(options, case):
    y, rng, more = Y, np.random.default_rng(5), {}
    if case != "plain":
        more = {"min_positives": int(Y[:, 3].sum())}
    if case == "fixed":
        more["fallback"] = 0.33
    if case == "unknown":
        y, more = PARTLY, {"min_positives": int((PARTLY[:, 3] == 1).sum()), "allow_missing": True}
    weighted = case == "weighted"
    given = {"sample_weight": WEIGHTS} if weighted else {}
    found = fit_thresholds(y, SCORES, n_resamples=40, random_state=5, **options, **more, **given)
    kept, values = np.flatnonzero(WEIGHTS) if weighted else np.arange(200), []
    for _ in range(40):
        rows = kept[rng.integers(len(kept), size=len(kept))]
        given = {"sample_weight": WEIGHTS[rows]} if weighted else {}
        values.append(fit_thresholds(y[rows], SCORES[rows], **options, **more, **given).values)
    np.testing.assert_array_equal(found.spread, of_order(values))
    plain = fit_thresholds(y, SCORES, **options, **more, **({"sample_weight": WEIGHTS} if weighted else {}))
    np.testing.assert_array_equal(found.values, plain.values)
    assert found.counts == plain.counts and found.source == plain.source
    if case in ("guarded", "unknown"):
        assert found.source[3] == "own"  # and yet some resamples leave it fewer positives


def test_both_averages_keep_what_is_drawn_twice_in_one_part():
    found = fit_thresholds(Y, SCORES, n_resamples=20, random_state=5, **BOTH)
    rng, values = np.random.default_rng(5), []
    for _ in range(20):
        times = np.bincount(rng.integers(200, size=200), minlength=200)
        values.append(fit_thresholds(Y, SCORES, sample_weight=times, **BOTH).values)
    np.testing.assert_array_equal(found.spread, np.sort(values, axis=0)[[0, 18]])
    guarded = fit_thresholds(Y, SCORES, n_resamples=20, min_positives=199, fallback=0.2, random_state=5, **BOTH)
    assert (guarded.spread == 0.2).all()


def test_without_resamples_nothing_is_kept_and_nothing_drawn():
    found = fit_thresholds(Y, SCORES)
    assert found.spread is None and "percentile" not in str(found)
    rng = np.random.default_rng(3)
    fit_thresholds(Y, SCORES, random_state=rng)
    assert rng.random() == np.random.default_rng(3).random()


def test_the_same_seed_gives_the_same_spread():
    one, same, other = (fit_thresholds(Y, SCORES, n_resamples=30, random_state=seed).spread for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    by_rng = fit_thresholds(Y, SCORES, n_resamples=30, random_state=np.random.default_rng(1)).spread
    np.testing.assert_array_equal(one, by_rng)
    np.random.seed(0)  # noqa: NPY002
    np.testing.assert_array_equal(fit_thresholds(Y, SCORES, n_resamples=30, random_state=1).spread, one)


def test_a_rare_label_may_be_drawn_over_the_guard():
    few = int(Y[:, 3].sum())
    found = fit_thresholds(Y, SCORES, min_positives=few + 1, fallback=9.0, n_resamples=100, random_state=0)
    assert found.source[3] == "fixed"
    assert found.spread[0, 3] < 1 and found.spread[1, 3] == 9
    never = fit_thresholds(Y, SCORES, min_positives=200, fallback=9.0, n_resamples=100, random_state=0)
    assert (never.spread == 9).all()


@pytest.mark.parametrize(
    "options", [{"min_positives": 0}, {"min_positives": 0, "objective": "cost", "cost_fp": 1, "cost_fn": 2}]
)
def test_it_is_as_wide_as_other_samples_scatter(options):
    spreads, values = zip(
        *(
            (found.spread, found.values)
            for seed in range(40)
            for found in [fit_thresholds(*made_up(400, seed=seed), n_resamples=60, random_state=seed, **options)]
        ),
        strict=True,
    )
    low, high = np.percentile(values, [5, 95], axis=0)
    told = np.diff(spreads, axis=1)[:, 0].mean(axis=0)
    assert (told / (high - low) > 0.6).all() and (told / (high - low) < 1.6).all()


def test_it_gets_narrower_with_more_samples():
    few, many = (
        np.diff(fit_thresholds(*made_up(n), n_resamples=100, random_state=0).spread, axis=0).mean()
        for n in (200, 20_000)
    )
    assert many < few / 2


def test_it_is_shown_saved_and_loaded(tmp_path):
    found = fit_thresholds(Y, SCORES, n_resamples=20, random_state=0, label_names=list("abcd"))
    assert found.spread.shape == (2, 4) and (found.spread[0] <= found.spread[1]).all()
    head, first, *_ = str(found).splitlines()[1:]
    assert "threshold  5th to 95th percentile  from" in head
    assert f"{found.spread[0, 0]:.3g} to {found.spread[1, 0]:.3g}" in first
    with pytest.raises(ValueError, match="read-only"):
        found.spread[0] = 0
    found.save(tmp_path / "spread.json")
    for again in (Thresholds.load(tmp_path / "spread.json"), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        np.testing.assert_array_equal(again.spread, found.spread)
        assert str(again) == str(found)


@pytest.mark.parametrize("spread", [[0.5, 0.4], [0.5], [0.1, 0.2, 0.3], [0.1, float("nan")], "wide", None, 0.5])
def test_files_whose_spread_is_none(tmp_path, spread):
    path = tmp_path / "spread.json"
    fit_thresholds(Y, SCORES, n_resamples=20, random_state=0).save(path)
    content = json.loads(path.read_text())
    content["labels"][2]["spread"] = spread
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="does not hold thresholds"):
        Thresholds.load(path)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_resamples": 19}, ValueError, "n_resamples must be 0 or at least 20, got 19: fewer don't tell percentiles"),
        ({"n_resamples": -1}, ValueError, "n_resamples must be at least 0, got -1"),
        ({"n_resamples": 50.0}, TypeError, "n_resamples must be an integer"),
        ({"n_resamples": True}, TypeError, "n_resamples must be an integer"),
        ({"n_resamples": None}, TypeError, "n_resamples must be an integer"),
        ({"random_state": "seed"}, ValueError, "random_state must be an integer of at least 0"),
        ({"random_state": -1}, ValueError, "random_state must be an integer of at least 0"),
    ],
)
def test_arguments_that_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        fit_thresholds(Y, SCORES, **options)


def test_too_few_positives_to_draw_from():
    y = np.zeros((50, 2), int)
    y[0, 0] = 1
    with pytest.raises(
        ValueError, match=r"n_resamples=20 asks .* one of the resamples has no positive at all; pass more"
    ):
        fit_thresholds(y, SCORES[:50, :2], min_positives=0, n_resamples=20, random_state=0)
