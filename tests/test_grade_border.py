"""Which answers a notebook holds, and what comes over the border between a student's process and the grader."""

from __future__ import annotations

import io
import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from handed_in import messages, notebook
from scipy import sparse

from mlhelpers.grade import _border, _child, _notebook, grade_submission
from mlhelpers.grade._border import NotPlain, read_plain

ROOT = Path(__file__).parents[1]


# Answers in a notebook


def asked(path):
    submission = _notebook.read_submission(path, ["05.1", "05.2"])
    return [(s.exercise, s.expression) for s in submission.steps if isinstance(s, _notebook.Ask)], submission


@pytest.mark.parametrize(
    ("cell", "expression"),
    [
        ('exercises.check("05.1", answer)', "answer"),
        ('check("05.1", answer + 1)', "answer + 1"),
        ('mlhelpers.exercises.check(exercise="05.1", answer=[1, 2])', "[1, 2]"),
        ('verdict = check("05.1", answer=a)', "a"),
        ('print(check("05.1", a))', "a"),
        ('exercises.grade("05.1", a, points=2)', "a"),
        ('%matplotlib inline\n!ls\ncheck("05.1", a)', "a"),
        ('%%time\ncheck("05.1", a)', "a"),
        ('x = """\n% no magic\n"""\ncheck("05.1", a)', "a"),
        ('check?\ncheck("05.1", a)', "a"),
        ('check("05.1", 1)\ncheck("05.1", 2)', "2"),
    ],
)
def test_where_an_answer_stands(tmp_path, cell, expression):
    found, submission = asked(notebook(tmp_path / "a.ipynb", cell))
    assert found == [("05.1", expression)]
    assert not submission.hidden and not submission.broken


@pytest.mark.parametrize(
    "cell",
    ['check("05.9", a)', 'test("05.1", a)', 'check("05.1")', "check(name, a)", '%%bash\ncheck("05.1", a)', "check"],
)
def test_where_none_stands(tmp_path, cell):
    found, submission = asked(notebook(tmp_path / "a.ipynb", cell))
    assert found == [] and not submission.hidden


def test_a_cell_that_is_too_deep_is_no_python(tmp_path):
    deep = "-" * 3000 + "1"
    path = notebook(tmp_path / "a.ipynb", f'check("05.1", {deep})', "x = 1\0", 'check("05.2", 1)')
    found, submission = asked(path)
    assert found == [("05.2", "1")] and list(submission.broken) == [1, 2]


def test_answers_inside_of_other_statements_and_in_broken_cells(tmp_path):
    path = notebook(tmp_path / "a.ipynb", 'for a in b:\n    check("05.1", a)', 'x = = 1\ncheck("05.2", x)')
    found, submission = asked(path)
    assert found == [] and submission.hidden == {"05.1": 1, "05.2": 2} and list(submission.broken) == [2]
    told = messages(grade_submission(path, ["05.1", "05.2"]))
    assert "write the check as a line of its own" in told["05.1"] and "cell 2 is no Python" in told["05.2"]


def test_the_solutions_of_the_book_are_nobodys_answers(tmp_path):
    found, _ = asked(ROOT / "chapters" / "05_micro_macro_evaluation.ipynb")
    assert found == [("05.1", "answer"), ("05.2", "answer")]
    folded = {"mystnb": {"code_prompt_show": "Show solution 1"}}
    assert asked(notebook(tmp_path / "a.ipynb", 'check("05.1", a)', **folded))[0] == []


# The border


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -2.5, "text", ..., [1, [2.0, "a"]], (1, 2), {1, 2}, set(), {"a": [1]}, float("inf"), []],
    ids=repr,
)
def test_plain_values_cross_as_they_are(value):
    assert read_plain(json.loads(json.dumps(_child.plain(value))), None) == value


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3)),
        (np.array([1, 2], dtype=">i4"), np.array([1, 2])),
        (np.float32(0.5), 0.5),
        (np.zeros((0, 3), bool), np.zeros((0, 3), bool)),
        (np.arange(6).reshape(2, 3).T, np.arange(6).reshape(2, 3).T),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([Fraction(1, 2), 2], dtype=object), [0.5, 2]),
        (pd.DataFrame({"a": [1, 2], "b": [0.5, 1]}), np.array([[1, 0.5], [2, 1]])),
        (pd.Series([1, 2], index=["x", "y"]), np.array([1, 2])),
        (sparse.csr_array(np.eye(3)), np.eye(3)),
        (range(3), [0, 1, 2]),
        ({"a": 1}.values(), [1]),
        (frozenset({1}), {1}),
        (10**30, 1e30),
        (np.longdouble(2), 2.0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_numbers_of_the_libraries_cross(value, arrives):
    found = read_plain(json.loads(json.dumps(_child.plain(value))), None)
    if sparse.issparse(found):
        found = found.toarray()
    np.testing.assert_array_equal(np.asarray(found) if not isinstance(found, set) else found, arrives)


def test_names_of_tables_cross():
    frame = pd.DataFrame([[1, 2]], index=["x"], columns=["a", "b"])
    pd.testing.assert_frame_equal(read_plain(_child.plain(frame), None), frame)


@pytest.mark.parametrize(
    "value",
    [object(), b"bytes", iter([]), [len], np, Path(), pd.Timestamp(0), [[object()]]],
    ids=lambda value: type(value).__name__,  # a repr has addresses, which differ among the processes of a run
)
def test_nothing_else_crosses(value):
    with pytest.raises(_child.CannotCrossError, match="is no plain value"):
        _child.plain(value)


@pytest.mark.parametrize(
    "message",
    [
        [1],
        {},
        {"is": "list", "parts": 3},
        {"is": "list", "parts": [{"is": "function", "number": 0, "name": "f"}]},
        {"is": "function", "number": "0", "name": "f"},
        {"is": "set", "parts": [{"is": "list", "parts": []}]},
        {"is": "array", "dtype": "O", "shape": [1], "data": ""},
        {"is": "array", "dtype": "<f8", "shape": [10**9], "data": ""},
        {"is": "array", "dtype": "<f8", "shape": [-1], "data": ""},
        {"is": "array", "dtype": "<f8", "shape": [1], "data": "AAAA"},
        {"is": "sparse", "format": "csr", "shape": [10**9, 10**9], "row": [], "col": [], "data": []},
        {"is": "table", "values": 3},
    ],
    ids=str,
)
def test_forged_messages_are_no_values(message):
    with pytest.raises(NotPlain):
        read_plain(message, lambda number, name: None)


def test_deep_messages_are_no_values():
    message = 1
    for _ in range(100):
        message = {"is": "list", "parts": [message]}
    with pytest.raises(NotPlain, match="too deep"):
        read_plain(message, None)


@pytest.mark.parametrize(
    ("kinds", "kind", "name"),
    [
        (["UnicodeDecodeError", "UnicodeError", "ValueError"], ValueError, "UnicodeDecodeError"),
        (["KeyboardInterrupt", "BaseException"], RuntimeError, "KeyboardInterrupt"),
        (["not a name", 3], RuntimeError, "Error"),
        ("SystemExit", RuntimeError, "Error"),
    ],
)
def test_errors_cross_by_name(kinds, kind, name):
    error = _border.foreign_error({"error": "text", "kinds": kinds})
    assert isinstance(error, kind) and type(error).__name__ == name and str(error) == "text"


@pytest.fixture
def session():
    main = sys.modules["__main__"]
    yield _child.Session()
    sys.modules["__main__"] = main


class Direct:
    """A student's process that is this one."""

    def __init__(self, session):
        self.session = session

    def ask(self, wish, seconds):
        return json.loads(json.dumps(self.session.call(wish["number"], wish["arguments"])))


def remote(session, source, name):
    session.cell(source, "cell 1", 0, 1)
    return _border.Remote(Direct(session), session.value(name)["value"]["number"], name, 5.0)


def test_what_a_function_changes_in_its_arguments_is_changed_here(session):
    halve = remote(session, "def halve(x, y):\n    x[:] = x / 2\n    return y\n", "halve")
    x = np.array([2.0, 4.0])
    assert halve(x, 3) == 3 and x.tolist() == [1.0, 2.0]


def test_judges_send_iterators_and_sparse_matrices_of_their_own_class(session):
    class Own(sparse.csr_matrix):
        pass

    source = "def kinds(parts):\n    return [(type(M).__name__, int(M.sum())) for M in parts] + list(parts)"
    assert remote(session, source, "kinds")(iter([Own(np.eye(2)), Own(np.eye(3))])) == [
        ("csr_matrix", 2),
        ("csr_matrix", 3),
    ]


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
def test_sparse_matrices_keep_their_form(form):
    assert read_plain(_child.plain(sparse.eye_array(3).asformat(form)), None).format == form


def test_the_conversation_in_the_students_process(session):
    """Which runs here for once: a line for each line, whatever the line does."""
    wishes = [
        {"do": "start", "imports": ["math", "there.is.none"]},
        {"do": "cell", "source": "x = 1\ny = 1 // 0", "name": "cell 7", "start": 0, "stop": 2},
        {"do": "value", "expression": "x"},
        {"do": "cell", "source": "raise SystemExit", "name": "cell 8", "start": 0, "stop": 1},
        {"do": "cell", "source": SILENT, "name": "cell 9", "start": 0, "stop": 2},
        {"do": "nothing"},
    ]
    said = io.BytesIO()
    _child.serve([json.dumps(wish).encode() for wish in wishes], said)
    answers = [json.loads(line) for line in said.getvalue().splitlines()]
    assert answers[0] == {} and answers[2] == {"value": 1}
    assert answers[1]["kinds"][0] == "ZeroDivisionError" and answers[1]["where"] == "cell 7, line 2"
    assert answers[3]["kinds"][0] == "SystemExit"
    assert answers[4]["error"] == "" and answers[4]["kinds"][0] == "Silent"
    assert answers[5]["kinds"][0] == "KeyError"


SILENT = """
class Silent(Exception):
    def __str__(self):
        raise KeyboardInterrupt
raise Silent"""


def test_limits_that_the_system_has_are_set():
    resource = pytest.importorskip("resource")
    _child.limit({"RLIMIT_CORE": 0, "RLIMIT_OF_NOTHING": 3})
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
