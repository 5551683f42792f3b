"""An assignment of two exercises, five submissions of it, and the marks that they must get."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

NAME, POINTS = "week1", {"00.1": 2.0, "05.2": 5.0}
POOLED = """\
answer_05_2 = lambda parts: sum(
    (LabelCounts.from_predictions(*part) for part in parts[1:]), LabelCounts.from_predictions(*parts[0])
).f1("macro", zero_division=0)"""
MEAN = """\
import numpy as np
answer_05_2 = lambda parts: np.mean(
    [LabelCounts.from_predictions(*part).f1("macro", zero_division=0) for part in parts]
)"""
LOUD = "import sys\nprint('a warning', file=sys.stderr)\n"
REPLACED = """\
exercises.check = exercises.grade = lambda *_, **options: options.get("points", True)
exercises.Verdict.__bool__ = lambda self: True
from mlhelpers.exercises import _register
import mlhelpers.exercises._chapter_05
_register.JUDGES.update(dict.fromkeys(["00.1", "05.2"], lambda answer: None))
"""
DEEPER = """\
import builtins
original = builtins.__import__
def replaced(*arguments, **options):
    module = original(*arguments, **options)
    if arguments[0] == "mlhelpers.exercises":
        module.exercises.Verdict.right = property(lambda self: True, lambda self, value: None)
        module.exercises.Verdict.__init__ = lambda self, exercise, right, message: None
        module.exercises.Verdict.message = ""
    return module
builtins.__import__ = replaced
"""


@dataclass(frozen=True)
class Submission:
    """What stands in the places of the answers, and the points: in the kernel, outside of it, and from a person."""

    inside: tuple[float, float]
    outside: tuple[float, float]
    code: dict[str, str] = field(default_factory=dict)
    words: str = ""
    by_hand: float = 0.0


SUBMISSIONS = {
    "right": Submission(
        (2, 5), (2, 5), {"00.1": f"{LOUD}answer_00_1 = int((Y[:, 3] & Y[:, 7]).sum())", "05.2": POOLED}, "Because.", 2
    ),
    "half": Submission((2, 0), (2, 0), {"00.1": "answer_00_1 = (Y[:, 3] * Y[:, 7]).sum()", "05.2": MEAN}, "Why?", 1),
    "empty": Submission((0, 0), (0, 0)),
    "replaced": Submission((0, 0), (0, 0), {"00.1": f"{REPLACED}answer_00_1 = 0", "05.2": "answer_05_2 = 0"}),
    # Who goes deep enough wins in the kernel: so the marks that count come from outside.
    "deeper": Submission((2, 5), (0, 0), {"00.1": f"{DEEPER}answer_00_1 = 0", "05.2": "answer_05_2 = 0"}),
}


def write_assignment(form: str, folder: Path) -> None:
    command = [sys.executable, "-m", "mlhelpers.assignment", *POINTS, "--points", "2,5", "--name", NAME]
    subprocess.run([*command, "--format", form, "--output", str(folder)], check=True)


def hand_in(released: Path, submission: Submission, path: Path) -> None:
    """Write what a student makes of the notebook that was released."""
    notebook = json.loads(released.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        for exercise, code in submission.code.items():
            if source.startswith(f"# answer_{exercise.replace('.', '_')}: "):
                cell["source"] = code
        if submission.words and source in ("Your answer.", "_Type your answer here, replacing this text._"):
            cell["source"] = submission.words
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def outside(*paths: Path) -> list[tuple[float, ...]]:
    """Return the points that `mlhelpers.grade` gives outside of the kernel."""
    points = ",".join(f"{name}={most:g}" for name, most in POINTS.items())
    command = [sys.executable, "-I", "-m", "mlhelpers.grade", "--json", "--seconds", "120", "--points", points]
    done = subprocess.run([*command, *map(str, paths)], check=True, capture_output=True, text=True)
    return [tuple(mark["points"] for mark in json.loads(line)["marks"]) for line in done.stdout.splitlines()]
