"""The questions at the ends of sections: what the data may say, and that right answers are right."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import scipy.special
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from extensions import extension
from sklearn import metrics

quick_checks = extension("quick_checks")
ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "quick_checks").glob("*.yml"))
CHECKED = [f"{number:02}" for number in range(18)]  # the chapters that have checks
QUESTIONS = [
    pytest.param(question, id=f"{path.stem}-{place}")
    for path in FILES
    for place, question in enumerate(quick_checks.read(path), start=1)
]
NAMES = {"np": np, "metrics": metrics} | {
    name: getattr(scipy.special, name) for name in ("expit", "log_softmax", "logit", "softmax")
}

CHOICE = """
- after: a-section
  question: Is *one* < two?
  choices:
    - {says: "Yes", right: It is.}
    - {says: "No", wrong: It isn't.}
"""
NUMBER = """
- after: a-section
  question: How much is a half?
  number: 1/2
  tolerance: 0.01
  right: Half of one.
  wrong:
    - {number: 2, because: That is double.}
  otherwise: Divide one by two.
"""


def read(folder, text):
    path = folder / "03.yml"
    path.write_text(text, encoding="utf-8")
    return quick_checks.read(path)


def value_of(code):
    """Run the statements of a `verify` and return the value of its last line, which is an expression."""
    *before, last = ast.parse(code).body
    names = dict(NAMES)
    exec(compile(ast.Module(before, []), "verify", "exec"), names)
    return eval(compile(ast.Expression(last.value), "verify", "eval"), names)


@pytest.mark.parametrize("question", QUESTIONS)
def test_right_answers_are_right(question):
    if not question.verify:
        pytest.skip("what the answer says is not computed")
    value = value_of(question.verify)
    if question.tolerance is None:
        assert value is True or (isinstance(value, np.bool_) and value)
    else:  # the right number, and what each misunderstanding gives
        numbers = [answer.number for answer in question.answers[:-1]]
        np.testing.assert_allclose(np.asarray(value, dtype=float), numbers, rtol=0, atol=question.tolerance)


def test_most_answers_are_computed():
    verified = [bool(question.values[0].verify) for question in QUESTIONS]
    assert sum(verified) >= 0.8 * len(verified)


def test_each_chapter_has_three_to_six():
    counts = {path.stem: len(quick_checks.read(path)) for path in FILES}
    assert sorted(counts) == CHECKED
    assert all(3 <= count <= 6 for count in counts.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_right_answers_do_not_all_stand_at_one_place(path):
    choices = [question for question in quick_checks.read(path) if question.tolerance is None]
    places = [[answer.right for answer in question.answers].index(True) for question in choices]
    assert len(choices) < 3 or len(set(places)) > 1


def test_choices_and_numbers_are_read(tmp_path):
    choice, number = read(tmp_path, CHOICE + NUMBER)
    assert [answer.right for answer in choice.answers] == [True, False] and choice.tolerance is None
    assert [answer.number for answer in number.answers] == [0.5, 2.0, None] and number.tolerance == 0.01


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CHOICE.replace("right: It is.", "wrong: It isn't."), "one choice must be right, not 0"),
        (CHOICE.replace("wrong: It isn't.", "right: It is."), "one choice must be right, not 2"),
        (CHOICE.replace(", wrong: It isn't.", ""), "the choice 'No' needs one explanation"),
        (CHOICE.replace("wrong: It isn't.", "wrong: ''"), "`wrong` must be a text"),
        (CHOICE.replace("wrong: It isn't.", "wrong: so, right: so"), "the choice 'No' needs one explanation"),
        (CHOICE.replace('"No"', '"Yes"'), "two choices say the same"),
        (CHOICE.replace('    - {says: "No", wrong: It isn\'t.}\n', ""), "two choices at least"),
        (CHOICE.replace("question:", "asks:"), "unknown key: asks"),
        (CHOICE.replace("one", "$1$"), "has a formula"),
        (CHOICE.replace("  question: Is *one* < two?\n", ""), "`question` must be a text"),
        (CHOICE + "  number: 1\n", "either `choices` or a `number`"),
        (NUMBER.replace("  tolerance: 0.01\n", ""), "`tolerance` must be a number, not None"),
        (NUMBER.replace("0.01", "0"), "`tolerance` must be above 0"),
        (NUMBER.replace("0.01", "1"), "the tolerance takes them for one"),
        (NUMBER.replace("1/2", "one half"), "`number` must be a number"),
        (NUMBER.replace("  otherwise: Divide one by two.\n", ""), "`otherwise` must be a text"),
        (NUMBER.replace(", because: That is double.", ""), "a wrong number needs"),
        (NUMBER.replace("  wrong:\n    - {number: 2, because: That is double.}\n", ""), "`wrong` must list"),
        ("- one\n", "a question must be a mapping"),
    ],
)
def test_mistakes_in_a_question_are_named(tmp_path, text, message):
    with pytest.raises(quick_checks.QuickCheckError, match=r"03\.yml, question 2 ") as error:
        read(tmp_path, CHOICE + text)
    assert message in str(error.value)


@pytest.mark.parametrize(("text", "message"), [("a: 1\n", "a list of questions"), ("- [\n", "while parsing")])
def test_mistakes_in_a_file_are_named(tmp_path, text, message):
    with pytest.raises(quick_checks.QuickCheckError, match=rf"(?s)03\.yml: .*{message}"):
        read(tmp_path, text)


def chapter():
    """Return a page of two sections, the second one in the first."""
    doctree = new_document("")
    inner = nodes.section("", nodes.title("", "Inner"), nodes.paragraph("", "two"), ids=["inner"])
    doctree += nodes.section("", nodes.title("", "Outer"), nodes.paragraph("", "one"), inner, ids=["a-section"])
    return doctree


def test_a_question_stands_at_the_end_of_its_section_and_costs_no_reading_time(tmp_path):
    doctree, reader = chapter(), extension("reader")
    counted = reader.count(doctree)
    choice, number = read(tmp_path, CHOICE + NUMBER.replace("a-section", "inner"))
    quick_checks.insert(doctree, [choice, number], "03.yml")
    outer = doctree.children[0]
    assert "a half" in outer.children[2].children[-1].astext()
    assert "<em>one</em> &lt; two" in outer.children[-1].astext()
    assert reader.count(doctree) == counted


def test_an_unknown_section_is_an_error(tmp_path):
    questions = read(tmp_path, CHOICE.replace("a-section", "nowhere"))
    with pytest.raises(quick_checks.QuickCheckError, match=r"03\.yml, question 1: no section 'nowhere'.*inner"):
        quick_checks.insert(chapter(), questions, "03.yml")


def test_a_file_belongs_to_a_chapter():
    docnames = {"intro", "chapters/03_trees", "chapters/13_more"}
    assert quick_checks.chapter_of(Path("03.yml"), docnames) == "chapters/03_trees"
    with pytest.raises(quick_checks.QuickCheckError, match=r"04\.yml: no chapter"):
        quick_checks.chapter_of(Path("04.yml"), docnames)


def test_without_a_script_nothing_is_sent_and_every_answer_is_explained(tmp_path):
    choice, number = read(tmp_path, CHOICE + NUMBER)
    for question in (choice, number):
        form = BeautifulSoup(quick_checks.as_html(question, 1), "html.parser").form
        assert form.button.has_attr("disabled") and form.button.has_attr("hidden")
        assert len(form.select("details li")) == len(question.answers)
        assert [entry["data-right"] for entry in form.select("details li")].count("true") == 1
        assert form.legend.get_text() and not form.select_one("[role=status]").get_text()


def test_the_data_say_what_a_question_is(tmp_path):
    """A key that is written twice would be taken once, without a word."""
    for path in FILES:
        for mapping in (node for node in walk(yaml.compose(path.read_text(encoding="utf-8")))):
            keys = [key.value for key, _ in mapping.value]
            assert len(keys) == len(set(keys)), (path.name, mapping.start_mark.line + 1)


def walk(node):
    if isinstance(node, yaml.MappingNode):
        yield node
        children = [value for _, value in node.value]
    else:
        children = node.value if isinstance(node, yaml.SequenceNode) else []
    for child in children:
        yield from walk(child)
