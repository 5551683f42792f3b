"""What `make sweep` found of every claim: kept in evidence/, one file a chapter, and told on a page of the book.

A claim is a code cell with an assert. Its evidence holds for its own source and for the cells that the lesson shows
before it (checks and solutions that fold away don't count): a cell that trains is thereby part of the claims about it.
"""

from __future__ import annotations

import ast
import json
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import fingerprint
from fingerprint import Notebook, digest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "evidence"


class Claim(NamedTuple):
    """A cell that asserts something."""

    position: int  # among the code cells that are executed
    heading: str
    source: str
    key: str


def asserts(source: str) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(fingerprint.parsed(source)))


def claims(notebook: Notebook) -> Iterator[Claim]:
    """Yield the claims of a chapter in their order."""
    heading, position, shown = "", -1, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = ([heading] + [line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")])[-1]
        elif cell.source.strip():
            position += 1
            if asserts(cell.source):
                yield Claim(position, heading, cell.source, digest(shown + cell.source))
            if "hide-cell" not in cell.metadata.get("tags", []):
                shown += f"{cell.source}\n"


def chapter_key(notebook: Notebook, root: Path = ROOT) -> str:
    """Return a digest of what a run of the chapter computes with; a run with another one is of another chapter."""
    made_from = notebook.metadata.get("fingerprint", {"modules": {}, "versions": {}})
    modules = {name: fingerprint.module_digest(root, name) for name in made_from["modules"]}
    versions = {name: fingerprint.installed(name) for name in made_from["versions"]}
    return digest(json.dumps([fingerprint.cell_digests(notebook), modules, versions]))


def collected(notebook: Notebook, records: Mapping[tuple[str, int], Mapping[str, Any]]) -> dict[str, Any]:
    """Return the evidence of a chapter, from the records of its runs by kind of arithmetic and offset of the seeds."""
    runs: dict[str, list[int]] = {}
    for kind, offset in records:
        runs.setdefault(kind, []).append(offset)
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "versions": notebook.metadata.get("fingerprint", {}).get("versions", {}),
        "runs": runs,
        "claims": [tried(claim, records) for claim in claims(notebook)],
    }


def tried(claim: Claim, records: Mapping[tuple[str, int], Mapping[str, Any]]) -> dict[str, Any]:
    """Return what became of one claim."""
    failed, moved = {}, {}
    for (kind, offset), record in records.items():
        found = record["claims"].get(str(claim.position), {"held": False, "failed": ["not reached"], "numbers": []})
        error = record["errors"].get(str(claim.position))
        if error or not found["held"]:
            failed[f"{kind} {offset}"] = [error] if error else found["failed"]
        plain = records["plain", offset]["claims"].get(str(claim.position), {"numbers": []})
        if kind != "plain" and found["numbers"] != plain["numbers"]:
            moved[kind] = max(moved.get(kind, 0), difference(found["numbers"], plain["numbers"]))
    result = claim._asdict() | {"held": len(records) - len(failed), "of": len(records)}
    return result | {"failed": failed, "moved": moved}


def difference(numbers: list[float], others: list[float]) -> float:
    """Return the largest difference, relative to numbers above 1, that two runs saw where they compared."""
    pairs = zip(numbers, others, strict=False)
    return float(f"{max((abs(a - b) / max(1, abs(a), abs(b)) for a, b in pairs if a != b), default=0):.2g}")


def read(chapter: str) -> dict[str, Any] | None:
    try:
        return json.loads((FOLDER / f"{chapter}.json").read_text(encoding="utf-8"))
    except OSError:
        return None


def without_evidence(notebook: Notebook, chapter: str) -> list[Claim]:
    """Return the claims of a chapter that no sweep has tried as they stand."""
    evidence = read(chapter) or {"claims": []}
    keys = {claim["key"] for claim in evidence["claims"]}
    return [claim for claim in claims(notebook) if claim.key not in keys]


def as_markdown(titles: Mapping[str, str]) -> str:
    """Return the tables of the page, for chapters by name with their titles."""
    found = {name: evidence for name in titles if (evidence := read(name))}
    if not found:
        return "No sweep has been made yet.\n"
    return "\n".join([*summary(found, titles), *processors(found, titles), *all_claims(found, titles)]) + "\n"


def summary(found: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[str]:
    yield "## What was tried\n"
    yield "| chapter | claims | runs of each | claims that held in every run |"
    yield "| --- | --- | --- | --- |"
    for name, evidence in found.items():
        held = sum(claim["held"] == claim["of"] for claim in evidence["claims"])
        n_runs = sum(map(len, evidence["runs"].values()))
        yield f"| [{titles[name]}](chapters/{name}.ipynb) | {len(evidence['claims'])} | {n_runs} | {held} |"
    yield ""


def processors(found: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[str]:
    yield "## What other arithmetic moves\n"
    yield "In how many claims of each chapter a comparison saw another number than in the plain run with the"
    yield "same seeds, and the largest such difference (of numbers above 1, relative to them).\n"
    yield "| chapter | other numbers |"
    yield "| --- | --- |"
    for name, evidence in found.items():
        kinds = [kind for kind in evidence["runs"] if kind != "plain"]
        told = "; ".join(f"{kind}: {how_many_moved(evidence, kind)}" for kind in kinds)
        yield f"| {titles[name]} | {told or 'not tried'} |"
    yield ""


def how_many_moved(evidence: Mapping[str, Any], kind: str) -> str:
    """Return in how many claims one kind of arithmetic moved a number, and by how much at most."""
    differences = [claim["moved"][kind] for claim in evidence["claims"] if kind in claim["moved"]]
    return f"{len(differences)}, up to {max(differences):g}" if differences else "none"


def all_claims(found: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[str]:
    yield "## Every claim\n"
    for name, evidence in found.items():
        yield f"### {titles[name]}\n"
        for heading, claims_there in by_heading(evidence["claims"]):
            yield f"<details><summary>{plain(heading)}: {how_often(claims_there)}</summary>\n"
            for claim in claims_there:
                yield f"```python\n{claim['source']}\n```\n"
            yield "</details>\n"


def how_often(claims_there: list[dict[str, Any]]) -> str:
    held = dict.fromkeys(f"{claim['held']} of {claim['of']}" for claim in claims_there)
    n = len(claims_there)
    return f"{n} claim{'s' * (n > 1)}, held in {' and '.join(held)} runs"


def by_heading(evidence: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    headings = dict.fromkeys(claim["heading"] for claim in evidence)
    for heading in headings:
        yield heading, [claim for claim in evidence if claim["heading"] == heading]


def plain(heading: str) -> str:
    return heading.replace("`", "").replace("&", "&amp;").replace("<", "&lt;")
