"""What every judge is tried for: tests for a module to import that has `RIGHT` and `WRONG` answers to a chapter."""

from __future__ import annotations

from collections import Counter

from mlhelpers import exercises
from mlhelpers.exercises import check


def pytest_generate_tests(metafunc):
    """Take the answers from the module that has imported the tests."""
    right, wrong = metafunc.module.RIGHT, metafunc.module.WRONG
    if "right" in metafunc.fixturenames:
        cases = [(exercise, answer) for exercise, answers in right.items() for answer in answers]
        metafunc.parametrize(("exercise", "right"), cases)
    if "wrong" in metafunc.fixturenames:
        names = [f"{exercise}-{part}" for exercise, _, part in wrong]
        metafunc.parametrize(("exercise", "wrong", "part"), wrong, ids=names)


def test_right_answers(exercise, right):
    verdict = check(exercise, right)
    assert verdict, verdict


def test_wrong_routes_are_named(exercise, wrong, part):
    verdict = check(exercise, wrong)
    assert not verdict
    assert part in verdict.message, verdict


def test_every_exercise_has_right_and_wrong_answers(request):
    module = request.module
    chapter = module.__name__.rpartition("_")[2]
    of_chapter = [exercise for exercise in exercises._texts() if exercise.startswith(f"{chapter}.")]
    assert sorted(module.RIGHT) == sorted({exercise for exercise, *_ in module.WRONG}) == of_chapter
    cases = Counter((exercise, part) for exercise, _, part in module.WRONG)
    assert [case for case, n in cases.items() if n > 1] == []
