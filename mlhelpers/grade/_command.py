"""The command line of the grader."""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mlhelpers.grade._grading import grade_submission


def command(arguments: Sequence[str]) -> int:
    """Grade what the command line names, print the marks, and return the exit status.

    Parameters
    ----------
    arguments : sequence of str
        Without the name of the program.

    Returns
    -------
    int
        0 if everything was graded, whatever the marks; 2 if something couldn't be, with the reason on stderr.
    """
    options = _parser().parse_args(arguments)
    try:
        points = _points(options.points)
        stand_ins = [_loaded(Path(path)) for path in options.exercises]
        seeds = _seeds(options.seed, options.submissions)
        for submission in options.submissions:
            report = grade_submission(
                submission,
                points,
                seconds=options.seconds,
                memory=options.memory,
                wall=True if options.wall else None,
                stand_ins=stand_ins,
                seed=seeds.get(submission),
            )
            print(json.dumps(report.as_dict(), ensure_ascii=False) if options.json else report, flush=True)
    except (ValueError, TypeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not options.json:
        print("\nWhile their code ran, these were shut off or limited:", *report.protection.from_what, sep="\n- ")
        print("\nThis does not protect from", *report.protection.not_from, sep="\n- ")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -I -m mlhelpers.grade",
        description="Grade notebooks outside of their kernel. -I keeps Python from importing what lies in the folder.",
    )
    parser.add_argument("submissions", nargs="+", metavar="SUBMISSION.ipynb")
    parser.add_argument("--json", action="store_true", help="print one line of JSON for each submission")
    parser.add_argument(
        "--points", metavar="00.1=1,05.2=3", help="the exercises that count, each with its points or those of the table"
    )
    parser.add_argument(
        "--seconds", type=float, default=15, help="for each cell, and for judging each answer (default: %(default)g)"
    )
    parser.add_argument("--memory", type=int, default=8, metavar="GIB", help="for a process (default: %(default)s)")
    parser.add_argument(
        "--exercises",
        action="append",
        default=[],
        metavar="FILE.py",
        help="a file that registers exercises of your own",
    )
    parser.add_argument(
        "--seed",
        metavar="7 or SEEDS.csv",
        help="the student's seed, or a table with the columns student and seed; ada.ipynb is handed in by ada",
    )
    parser.add_argument("--wall", action="store_true", help="refuse to grade where files and network can't be shut off")
    return parser


def _points(text: str | None) -> dict[str, float] | list[str] | None:
    """Return what --points says."""
    if text is None:
        return None
    parts = [part.strip().partition("=") for part in text.split(",")]
    if not any(sign for _, sign, _ in parts):
        return [name for name, _, _ in parts]
    found = {}
    for name, _, value in parts:
        try:
            found[name] = float(value)
        except ValueError:
            raise ValueError(f"--points has {value!r} for {name!r}; write it as in 00.1=1,05.2=3") from None
    return found


def _seeds(text: str | None, submissions: Sequence[str]) -> dict[str, int]:
    """Return the seed of each submission."""
    if text is None:
        return {}
    if not text.lower().endswith(".csv"):
        if not text.isdecimal():
            raise ValueError(f"--seed must be a whole number from 0 or a file .csv, got {text!r}")
        return dict.fromkeys(submissions, int(text))
    try:
        rows = list(csv.DictReader(Path(text).read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{text} can't be read: {error}") from None
    of_students: dict[str, int] = {}
    for row in rows or [{}]:
        student, seed = ((row.get(name) or "").strip() for name in ("student", "seed"))
        if not student or not seed.isdecimal() or student in of_students:
            raise ValueError(f"{text} needs columns student and seed, each student once, seeds from 0; got {dict(row)}")
        of_students[student] = int(seed)
    lacking = [path for path in submissions if Path(path).stem not in of_students]
    if lacking:
        raise ValueError(f"{text} has no seed for {', '.join(lacking)}; the student is the file's name before .ipynb")
    return {path: of_students[Path(path).stem] for path in submissions}


def _loaded(path: Path) -> str:
    """Run a file that registers exercises, and return the name under which notebooks import it."""
    if not path.is_file() or path.suffix != ".py":
        raise ValueError(f"{path} is no Python file; --exercises names one that calls mlhelpers.exercises.register")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return path.stem
