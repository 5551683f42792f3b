"""The longer assignments: what the files say, their model solutions, and what judges say to wrong answers."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import book
import course
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

WRONG = {
    "audit": [
        ("1", 'answer = "BCFG"', "1 missing, for example: one line prepares the photos"),
        ("1", 'answer = {"A", "B", "C", "F", "G"}', "No fault: C makes a column"),
        (
            "2",
            "answer = lambda scene, share, seed: np.random.default_rng(seed).random(len(scene)) < share",
            "both sides",
        ),
        ("2", "answer = lambda scene, share, seed: scene <= np.quantile(scene, share)", "Of 100 scenes|Two seeds"),
        (
            "2",
            "answer = lambda scene, share, seed: np.isin(scene, np.unique(scene)[seed:][: round(100 * share)])",
            "aren't drawn at random",
        ),
        (
            "2",
            "answer = lambda scene, a, b: np.isin(scene, np.roll(np.unique(scene), 37 * b)[: round(100 * a)])",
            "at random",
        ),
        ("3", "answer = lambda X, tags, scene, test: 0.42", "With wrong tags"),
        ("3", "answer = pipeline(lambda X, Y, test, s: fit_thresholds(Y[test], s[test]).values)", "on the test part"),
        (
            "3",
            "answer = pipeline(lambda X, Y, test, s: fit_thresholds(Y[~test], s[~test]).values)",
            "too good|at one half",
        ),
        ("3", "answer = pipeline(lambda X, Y, test, s: 0.5)", "macro-F1 at one half"),
        ("3", "answer = pipeline(lambda X, Y, test, s: folds(X, Y, test), careful=False)", "One photo"),
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
        ("2", "answer = parts_pass", 'The tag "fund"'),
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
        ("2", "answer = lambda y, s, share: np.ceil(share * len(y))", "same share of the rows|until more|equal score"),
        ("1", "answer = half_is_enough", "the ROC AUC is below"),
        ("2", "answer = lambda y, s, share: to_read(y, s, np.floor(share * y.sum()) / y.sum())", "fewer than it takes"),
        (
            "3",
            "answer = lambda width, f: (needed(width, f)[0] + 9, ceil((needed(width, f)[0] + 9) / f))",
            "fewer do, too",
        ),
        ("3", "answer = lambda width, f: (needed(width, f)[0], needed(width, f)[1] - 1)", "rows are not right"),
        (
            "2",
            "answer = lambda y, s, share: np.argmax(y[np.argsort(-s)].cumsum() >= share * y.sum()) + 1",
            "of equal score",
        ),
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
        ("2", "answer = lambda Y, P, fp, fn: expected(Y, P, fn, fp)", "costs are swapped"),
        ("2", "answer = lambda *given: np.array(expected(*given)) / given[0].shape[1]", "of a single decision"),
        ("3", "answer = lambda Y, s, fp, fn, most: fit(Y, s, fp, fn)", "as if there were no limit"),
        ("3", "answer = lambda Y, s, fp, fn, most: np.full(5, np.inf)", "names only 0.00"),
        ("3", "answer = same_factor", "possible|it names"),
        ("3", "answer = lambda Y, s, fp, fn, most: np.full(5, np.quantile(s, 1 - most / 5))", "possible"),
    ],
    "two_models": [
        ("1", "answer = lambda Y, A, B, A_test, B_test: (A_test > 0.5, B_test > 0.5)", "The cut is one half"),
        (
            "1",
            "answer = lambda Y, A, B, *tests: [(s > fit_thresholds(Y, A).values) * 1 for s in tests]",
            "chosen for F1",
        ),
        ("1", "answer = lambda *scores: decide(*scores)[::-1]", "In the place of A"),
        ("1", "answer = lambda Y, A, B, A_test, B_test: decide(Y, A, A, A_test, A_test)", "In the place of B"),
        ("1", "answer = lambda Y, A, B, A_test, B_test: decide(Y, B, B, B_test, B_test)", "In the place of A"),
        ("2", "answer = lambda Y, A, B: difference(Y, B, A)", "the other direction"),
        ("2", "answer = lambda Y, A, B: np.array(difference(Y, A, B)) / Y.shape[1]", "This is per label"),
        ("3", "answer = lambda low, high, m: conclusion(low, high, 0.0001)", "smaller than what matters"),
        ("3", "answer = lambda low, high, m: conclusion(-high, -low, m)", "Look at the sign"),
    ],
}
HELP = {
    "bundle": """\
def parts_pass(cells, names):
    if any(tag not in " ".join(names) for tags in read_tags(cells) for tag in tags):
        raise ValueError(f"one of {read_tags(cells)} is no label")
    return [[name in tags for name in names] for tags in read_tags(cells)]
""",
    "never_found": """\
def half_is_enough(y, y_val, s):
    said = why(y, y_val, s)
    return "cut too high" if said == "scores don't rank" and roc_auc_score(y_val, s) >= 0.5 else said
""",
    "thresholds": """\
def same_factor(Y, s, fp, fn, most):
    share = (s > fit(Y, s, fp, fn)).mean(axis=0)
    share *= min(1, most / share.sum())
    return [np.quantile(each, 1 - part) if part < 0.99 else -1 for each, part in zip(s.T, share)]


def fit(Y, s, fp, fn):
    return fit_thresholds(Y, s, objective="cost", cost_fp=fp, cost_fn=fn, min_positives=0).values
""",
    "audit": """\
def pipeline(choose, careful=True):
    def run(X, tags, scene, test):
        X = StandardScaler().fit(X[~test if careful else test | ~test]).transform(X)
        Y = MultiLabelBinarizer().fit_transform(tags)
        s = new_model().fit(X[~test], Y[~test]).predict_proba(X)
        Y_pred = (s[test] > choose(X, Y, test, s)).astype(int)
        return f1_score(Y[test], Y_pred, average="macro", zero_division=0)
    return run


def folds(X, Y, test):
    X, Y = X[~test], Y[~test]
    s = np.zeros(Y.shape)
    for fitted, left_out in GroupKFold(4).split(X, groups=np.arange(len(X)) // 3):
        s[left_out] = new_model().fit(X[fitted], Y[fitted]).predict_proba(X[left_out])
    return fit_thresholds(Y, s).values
""",
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
    assert ("need skops" in capsys.readouterr().out) == (assignment.name == "bundle")
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
