"""The longer assignments: what the files say, their model solutions, and what judges say to wrong answers."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import book
import course
import pandas as pd
import publish
import pytest

from mlhelpers import exercises
from mlhelpers.assignment import command, from_file
from mlhelpers.exercises import _marks
from mlhelpers.grade import grade_submission

FOLDER = Path(__file__).parents[1] / "assignments"
NAMES = sorted(path.stem for path in FOLDER.glob("*.md"))
ASSIGNMENTS = {name: from_file(FOLDER / f"{name}.md") for name in NAMES}
HEADINGS = re.compile(r"(?m)^## .*\((\d+) points, (\d+) minutes\)$")

# The model solution without min_positives=0.
DEFAULT_LEAST = ASSIGNMENTS["paper_table"].questions[0].model.replace(", min_positives=0", "")
WRONG = {
    "audit": [
        ("1", 'answer = "BCFG"', "1 missing, for example: one line prepares the photos"),
        ("1", 'answer = {"A", "B", "C", "F", "G"}', "No fault: C writes the tags"),
        ("1", 'answer = "A, B and Q"', "This is A B Q"),
        (
            "2",
            "answer = lambda scene, share, seed: np.random.default_rng(seed).random(len(scene)) < share",
            "both sides",
        ),
        ("2", "answer = lambda scene, share, seed: scene <= np.quantile(scene, share)", "Of 100 scenes|in a block"),
        (
            "2",
            "answer = lambda scene, share, seed: np.isin(scene, np.unique(scene)[seed:][:round(share * 100)])",
            "in a block",
        ),
        ("2", "answer = lambda scene, share, seed: divide(scene, share - 0.01, seed)", "Of 100 scenes 29 are"),
        (
            "2",
            "answer = lambda scene, a, b: np.isin(scene, np.roll(np.unique(scene), 37 * b)[: round(100 * a)])",
            "in a block",
        ),
        ("3", "answer = pipeline(lambda X, Y, test, s: fit_thresholds(Y[test], s[test]).values)", "Other tags|by lot"),
        ("3", "answer = pipeline(lambda X, Y, test, s: fit_thresholds(Y[~test], s[~test]).values)", "drawn by lot"),
        ("3", "answer = pipeline(lambda X, Y, test, s: np.full(10, 0.5))", "drawn by lot"),
        ("3", "answer = pipeline(lambda X, Y, test, s: np.full(10, 0.02))", "one threshold|is trained|drawn by lot"),
        ("3", "answer = pipeline(lambda X, Y, test, s: folds(X, Y, test, by=1))", "drawn by lot"),
        ("3", "answer = pipeline(lambda X, Y, test, s: folds(X, Y, test), fitted='all')", "One photo"),
        ("3", "answer = pipeline(lambda X, Y, test, s: folds(X, Y, test), fitted='none')", "The unit of a pixel"),
        ("3", "answer = pipeline(lambda X, Y, test, s: np.linspace(0.01, 0.02, 10))", "the same for other photos"),
        ("3", "answer = lambda *given: [honest(*given)[0], 1 | honest(*given)[1]]", "isn't what is above"),
        ("3", "answer = lambda X, tags, scene, test: honest(X, tags, scene, divide(scene, 0.3, 5))", "Other tags"),
        ("3", "answer = unsteady", "Two calls"),
        ("3", "answer = lambda *given: 0.42", "two things"),
    ],
    "bundle": [
        (
            "1",
            "answer = lambda cells: [set(re.split('[,;|]', cell or '')) for cell in cells]",
            "spaces|capitals|empty tag",
        ),
        ("1", "answer = lambda cells: [{t.title() for t in tags} for tags in read_tags(cells)]", "capitals"),
        ("1", "answer = lambda cells: [set((cell or '').lower()) for cell in cells]", "these are letters|spaces"),
        (
            "1",
            "answer = lambda cells: [set(' '.join(tags).split()) for tags in read_tags(cells)]",
            "split at its space",
        ),
        ("2", "answer = lambda cells, names: label_matrix(cells, sorted(names))", "order of the alphabet"),
        (
            "2",
            "answer = lambda cells, names: [[n in tags for n in names] for tags in read_tags(cells)]",
            "without a word",
        ),
        ("2", "answer = lambda cells, names: 1 - label_matrix(cells, names)", "swapped"),
        ("1", "answer = look_up", "tags in the set"),
        ("2", "answer = loose", 'The tag "fund"'),
        ("3", "answer = direct", "two things|dictionary"),
        ("3", "answer = lambda *given: (direct(*given), {})", "is no bundle"),
        (
            "3",
            "answer = lambda m, Y, names, t, new: (direct(m, Y, names, t, new), round_trip(m, Y, names, 0.5, new)[1])",
            "thresholds in the saved bundle",
        ),
        ("3", "answer = edited", "bundle.json isn't the one that the bundle saved"),
        ("3", "answer = lambda m, Y, names, t, new: round_trip(m, Y, names, 0.5, new)", "One half is the cut"),
        ("3", "answer = lambda m, Y, names, t, new: round_trip(m, Y, sorted(names), t, new)", "names of others"),
        (
            "3",
            "answer = lambda m, Y, names, t, new: round_trip(m, Y, names, np.sort(t), new)",
            "order than the columns",
        ),
    ],
    "never_found": [
        ("1", "answer = lambda y, y_val, s: why(y + 1, y_val, s)", "the training part has no positive"),
        (
            "1",
            "answer = lambda y, y_val, s: 'found' if (s > 0.5).any() else why(y, y_val, s)",
            "finds nothing|asked first",
        ),
        ("2", "answer = lambda y, s, share: np.ceil(share * len(y))", "than it takes|until more|equal score"),
        (
            "2",
            "answer = lambda y, s, share: np.argmax(y[np.argsort(-s)].cumsum() >= share * y.sum()) + 1",
            "of equal score",
        ),
        ("1", "answer = guess(0.5)", "the ROC AUC is 0"),
        ("2", "answer = whole(int)", "less than this share"),
        ("2", "answer = whole(round)", "less than this share"),
        ("3", "answer = lambda width, f: (needed(width, f)[0] + 1, needed(width, f)[1])", "one too many"),
        ("3", "answer = lambda width, f: (needed(width, f)[0], int(needed(width, f)[0] / f))", "round up"),
        ("3", "answer = lambda width, f: needed(2 * width, f)", "from end to end"),
        ("3", "answer = lambda width, f: needed(width, f)[::-1]", "these are rows"),
        ("3", "answer = lambda width, f: (ceil((1.96 / width) ** 2), ceil((1.96 / width) ** 2 / f))", "isn't Wilson's"),
    ],
    "paper_table": [
        ("1", "answer = lambda printed, *given: min('abcdefgh', key=lambda x: x == 'a')", "it takes for"),
        (
            "1",
            "answer = lambda printed, *given: which(printed, *given).replace('b', 'a')",
            "undefined F1 counts 1 it takes",
        ),
        ("1", DEFAULT_LEAST, r"min_positives=0\?"),
        ("2", "answer = 'aabgc'", r"Method 2: the mean of the labels' F1 at one half would be 0\.566"),
        ("2", "answer = 'afagc'", r"Method 3: .* would be 0\.531"),
        ("3", "answer = {'B', 'C', 'D', 'F', 'H'}", "H is told"),
        ("3", "answer = 'BCF'", "1 missing, for example: some label"),
    ],
    "thresholds": [
        ("1", "answer = lambda Y, s, fp, fn: cheapest(Y, s, fn, fp)", "costs are swapped"),
        ("1", "answer = lambda Y, s, fp, fn: fp / (fp + fn)", "the cut for probabilities"),
        (
            "1",
            "answer = lambda Y, s, *costs: [min(c[c > t], default=t) for c, t in zip(s.T, cheapest(Y, s, *costs))]",
            "above it|less",
        ),
        (
            "1",
            "answer = lambda Y, s, *costs: np.maximum(cheapest(Y, s, *costs), s.min(axis=0))",
            "naming it everywhere",
        ),
        (
            "1",
            "answer = lambda Y, s, *costs: np.minimum(cheapest(Y, s, *costs), s.max(axis=0) - 1)",
            "naming it nowhere",
        ),
        ("2", "answer = lambda Y, P, fp, fn: expected(Y, P, fn, fp)", "costs are swapped"),
        ("2", "answer = lambda *given: np.array(expected(*given)) / given[0].shape[1]", "of a single decision"),
        ("3", "answer = lambda Y, s, fp, fn, most: fit(Y, s, fp, fn)", "as if there were no limit"),
        ("2", "answer = lambda *given: np.array(expected(*given))[[0, 2, 1]]", "ends are swapped"),
        ("3", "answer = shares('named')", "which labels give up what"),
        ("3", "answer = shares('positives')", "which labels give up what"),
        ("3", "answer = lambda Y, s, fp, fn, most: np.full(5, np.inf)", "names only 0.00"),
        ("3", "answer = lambda Y, s, fp, fn, most: np.full(5, np.quantile(s, 1 - most / 5))", "possible"),
    ],
    "two_models": [
        ("1", "answer = lambda Y, A, B, A_test, B_test: (A_test > 0.5, B_test > 0.5)", "The cut is one half"),
        (
            "1",
            "answer = lambda Y, A, B, *tests: [(s > fit_thresholds(Y, A).values) * 1 for s in tests]",
            "chosen for F1|On the validation part",
        ),
        ("1", "answer = lambda *given: decide(*given)[::-1]", "scores of the other"),
        ("1", "answer = lambda *given: [decide(*given)[0]] * 2", "scores of the other"),
        ("1", "answer = lambda *given: [decide(*given)[1]] * 2", "scores of the other"),
        ("2", "answer = lambda *given: np.array(difference(*given))[[0, 2, 1]]", "ends are swapped"),
        ("2", "answer = lambda Y, A, B: difference(Y, B, A)", "the other direction"),
        ("2", "answer = lambda Y, A, B: np.array(difference(Y, A, B)) / Y.shape[1]", "This is per label"),
        ("3", "answer = lambda low, high, m: conclusion(low, high, 0.0001)", "smaller than what matters"),
        ("3", "answer = lambda low, high, m: conclusion(-high, -low, m)", "Look at the sign"),
    ],
}
HELP = {
    "thresholds": """\
def fit(Y, s, fp, fn):
    return fit_thresholds(Y, s, objective="cost", cost_fp=fp, cost_fn=fn, min_positives=0).values
""",
    "audit": """\
def pipeline(choose, fitted="train"):
    def run(X, tags, scene, test):
        if fitted != "none":
            X = StandardScaler().fit(X[~test if fitted == "train" else test | ~test]).transform(X)
        Y = MultiLabelBinarizer(classes=DIGITS).fit_transform(tags)
        s = new_model().fit(X[~test], Y[~test]).predict_proba(X)
        cuts = choose(X, Y, test, s)
        return cuts, (s[test] > cuts).astype(int)
    return run


def unsteady(X, tags, scene, test):
    cuts, said = honest(X, tags, scene, test)
    return cuts + np.random.default_rng().uniform(0, 0.1, 10), said


def folds(X, Y, test, by=3):
    X, Y = X[~test], Y[~test]
    s = np.zeros(Y.shape)
    for fitted, left_out in GroupKFold(4).split(X, groups=np.arange(len(X)) // by):
        s[left_out] = new_model().fit(X[fitted], Y[fitted]).predict_proba(X[left_out])
    return fit_thresholds(Y, s).values
""",
    "never_found": """\
def guess(low):
    def said(y, y_val, s):
        found = why(y, y_val, s)
        ranks = "cut too high" if y_val.any() and roc_auc_score(y_val, s) >= low else "scores don't rank"
        return ranks if found in ("cut too high", "scores don't rank") else found
    return said


def whole(round_it):
    def read(y, s, share):
        wanted = max(1, round_it(share * y.sum()))
        return next(int((s >= cut).sum()) for cut in np.unique(s)[::-1] if y[s >= cut].sum() >= wanted)
    return read
""",
    "bundle": """\
def direct(m, Y, names, t, new):
    s = new_model().fit(m, Y).predict_proba(new)
    return [{name for name, value, cut in zip(names, row, t) if value > cut} for row in s]


def with_bytes(*given):
    found, files = round_trip(*given)
    return found, {name: content.tobytes() for name, content in files.items()}


def edited(*given):
    found, files = round_trip(*given)
    return found, files | {"bundle.json": np.append(files["bundle.json"], np.uint8(32))}


def loose(cells, names):
    for tag in set().union(*read_tags(cells)):
        if tag not in " ".join(names):
            raise ValueError(tag)
    return [[int(name in tags) for name in names] for tags in read_tags(cells)]


def look_up(cells):
    known = "invoice", "late delivery", "damage", "refund", "urgent", "no answer", "x"
    return [{tag for tag in known if tag in " ".join((cell or "").lower().split())} for cell in cells]
""",
}
HELP["thresholds"] += """

def shares(of):
    def cut(Y, s, fp, fn, most):
        cuts = fit(Y, s, fp, fn)
        if (s > cuts).sum() <= most * len(Y):
            return cuts
        part = (s > cuts).mean(axis=0) if of == "named" else Y.mean(axis=0)
        return [np.sort(each)[::-1][int(k)] for each, k in zip(s.T, part / part.sum() * most * len(Y))]
    return cut
"""
# What a careful student writes, in another way than the model solution.
RIGHT = {
    "audit": [
        ("1", 'answer = "A, B, F and G"'),
        (
            "3",
            """\
def answer(X, tags, scene, test):
    binarizer = MultiLabelBinarizer(classes=DIGITS).fit([])
    Y = binarizer.transform([each for each, held in zip(tags, test) if not held])
    scaler = StandardScaler().fit(X[~test])
    X, X_test, val = scaler.transform(X[~test]), scaler.transform(X[test]), divide(scene[~test], 0.25, 1)
    model = new_model().fit(X[~val], Y[~val])
    cuts = fit_thresholds(Y[val], model.predict_proba(X[val]))
    return list(cuts.values), cuts.predict(model.predict_proba(X_test))
""",
        ),
    ],
    "bundle": [
        ("1", "answer = lambda cells: pd.Series(read_tags(cells))"),
        ("2", "answer = lambda cells, names: pd.DataFrame(label_matrix(cells, names), columns=names)"),
        ("3", "answer = with_bytes"),
    ],
    "never_found": [("1", "answer = guess(0.7)"), ("2", "answer = whole(lambda least: ceil(least - 1e-9))")],
    "paper_table": [("2", 'answer = "a, f, b, g and c"'), ("3", 'answer = "B, C, D and F"')],
    "thresholds": [
        ("1", "answer = lambda Y, s, fp, fn: fit_thresholds(Y, s, objective='cost', cost_fp=fp, cost_fn=fn).values")
    ],
    "two_models": [("1", "answer = lambda *given: [each.astype(bool) for each in decide(*given)]")],
}


@pytest.fixture(autouse=True)
def only_these(monkeypatch):
    """Forget afterwards what is registered."""
    own: dict[str, object] = {}
    for module in (exercises, _marks):
        monkeypatch.setattr(module, "OWN", own)


@pytest.fixture(params=NAMES)
def assignment(request):
    """Return an assignment whose judges are registered, and names as a notebook has them after its start."""
    found = ASSIGNMENTS[request.param]
    exec(compile(found.judges, f"{found.name}.py", "exec"), {"__name__": "judges"})
    return found


def names_of(assignment):
    """Return what a notebook knows in which the model solution has run, and its answers."""
    names, answers = {"__name__": "__main__"}, {}
    exec(assignment.setup, names)
    for question in assignment.questions:
        exec(question.model, names)
        answers[question.name] = names["answer"]
    return names, answers


def test_there_are_six():
    assert NAMES == ["audit", "bundle", "never_found", "paper_table", "thresholds", "two_models"]


def test_minutes_and_points_add_up_and_are_those_of_the_judges(assignment):
    headings = [
        tuple(map(int, each)) for each in HEADINGS.findall((FOLDER / f"{assignment.name}.md").read_text("utf-8"))
    ]
    assert len(headings) == len(assignment.questions) + 1 >= 3
    total = sum(minutes for _, minutes in headings)
    assert assignment.intro.startswith(f"{total} minutes. ") and 40 <= total <= 90
    for (points, minutes), question in zip(headings, assignment.questions, strict=False):
        facts = exercises.facts(question.name)
        assert (facts.points, facts.minutes) == (points, minutes) == (question.points, minutes)


def test_the_rubric_has_levels(assignment):
    assert re.findall(r"(?m)^- \*\*(\w+)\*\*: ", assignment.by_hand.rubric) == ["full", "half", "none"]


@pytest.mark.parametrize("form", ["nbgrader", "otter"])
def test_it_generates(assignment, form, tmp_path, capsys):
    assert command([str(FOLDER / f"{assignment.name}.md"), "--format", form, "--output", str(tmp_path / "course")]) == 0
    assert ("skops" in capsys.readouterr().out) == (assignment.name == "bundle")
    (made,) = (tmp_path / "course").rglob("*.ipynb")
    text = "\n".join("".join(cell["source"]) for cell in json.loads(made.read_text("utf-8"))["cells"])
    for question in assignment.questions:
        assert question.model in text and f'"{question.name}"' in text
    assert assignment.by_hand.rubric.strip() in text


def test_the_model_solution_gets_full_marks_and_nothing_gets_none(assignment, capsys):
    _, answers = names_of(assignment)
    for question in assignment.questions:
        assert exercises.grade(question.name, ..., points=question.points) == 0.0
        assert exercises.grade(question.name, None, points=question.points) == 0.0
        assert exercises.grade(question.name, answers[question.name], points=question.points) == question.points


def test_wrong_answers_get_their_diagnosis(assignment):
    names, _ = names_of(assignment)
    exec(HELP.get(assignment.name, ""), names)
    for number, code, diagnosis in WRONG[assignment.name]:
        exec(code, names)
        verdict = exercises.check(f"{assignment.name}.{number}", names["answer"])
        assert not verdict and re.search(diagnosis, verdict.message), (code, verdict)
    assert {number for number, _, _ in WRONG[assignment.name]} == {each.name[-1] for each in assignment.questions}


def test_other_right_answers_are_accepted(assignment):
    names, _ = names_of(assignment)
    exec(HELP.get(assignment.name, ""), names)
    names["pd"] = pd
    for number, code in RIGHT[assignment.name]:
        exec(code, names)
        verdict = exercises.check(f"{assignment.name}.{number}", names["answer"])
        assert verdict, (code, verdict)


def test_marks_outside_of_the_kernel(assignment, tmp_path):
    """Functions are called, and answers cross over, as in a submission."""
    checked = "def check(exercise, answer):\n    pass\n"
    cells = [checked + assignment.setup]
    cells += [f'{each.model}\ncheck("{each.name}", answer)' for each in assignment.questions]
    made = [{"cell_type": "code", "metadata": {}, "source": each, "outputs": []} for each in cells]
    path = tmp_path / "ada.ipynb"
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    points = {each.name: each.points for each in assignment.questions}
    report = grade_submission(path, points, seconds=120)
    assert report.points == sum(points.values()), report


def test_they_are_not_in_the_student_edition(tmp_path, monkeypatch):
    assert not [path for path in book.pages() if "assignments" in path.parts]
    course.copy_sources(tmp_path / "sources", {})
    monkeypatch.setattr(book, "ROOT", tmp_path / "sources")
    with zipfile.ZipFile(publish.build_wheel(tmp_path / "sources" / "dist")) as package:
        assert not [name for name in package.namelist() if "assignments" in name]
