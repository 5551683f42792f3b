"""A folder that is written whole or not at all, and whose files are what they were: by the sums of their bytes."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

SUMS = "SHA256SUMS"  # in the format of the command sha256sum
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9_.]*)")


def write_folder(
    folder: str | os.PathLike[str],
    write: Callable[[Path], None],
    check: Callable[[Path], object],
    *,
    main: str,
    known: Collection[str],
    overwrite: bool,
) -> None:
    """Let `write` fill a folder beside the one asked for, and `check` read it; then let it take that place.

    A folder that is there may be replaced if it holds `main` and nothing but `known` files.
    """
    target = Path(os.path.realpath(folder))
    _check_target(target, main, known, overwrite)
    scratch = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        scratch.mkdir()
        write(scratch)
        lines = (f"{_sum_of(path)}  {path.name}\n" for path in sorted(scratch.iterdir()))
        (scratch / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")
        check(scratch)
        _take_place(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check_target(target: Path, main: str, known: Collection[str], overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"folder {str(target)!r} can't be made: there is no {str(target.parent)!r}; make it first"
        )
    if not target.exists():
        return
    names = {path.name for path in target.iterdir()} if target.is_dir() else set()
    if target.is_dir() and not names:
        return
    if main not in names or not names <= {SUMS, *known}:
        others = sorted(names - {SUMS, *known})[:3]
        raise FileExistsError(
            f"folder {str(target)!r} is there and is no bundle"
            f"{f' alone: it holds {others}' if others else ''}; give the name of a folder that does not exist"
        )
    if not overwrite:
        raise FileExistsError(f"folder {str(target)!r} is a bundle already; pass overwrite=True to replace it")


def _take_place(scratch: Path, target: Path) -> None:
    """Rename a folder, which is one step; what was there before stays until then, and comes back if that fails."""
    if not target.exists():
        scratch.rename(target)
        return
    old = scratch.with_suffix(".old")
    target.rename(old)
    try:
        scratch.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def checked_files(folder: Path, main: str) -> set[str]:
    """Return the names of the files of a folder after a comparison of their bytes with the sums."""
    if not folder.is_dir():
        raise FileNotFoundError(f"folder {str(folder)!r} does not exist; give a folder that Bundle.save wrote")
    if not (folder / main).exists() and not (folder / SUMS).exists():
        raise ValueError(f"folder {str(folder)!r} is no bundle; give a folder that Bundle.save wrote")
    sums = _read_sums(folder)
    for name, expected in {main: "", **sums}.items():
        if not (folder / name).is_file():
            raise ValueError(f"{name} is missing in the bundle {str(folder)!r}; copy the whole folder again")
        if _sum_of(folder / name) != expected:
            raise ValueError(
                f"{name} in the bundle {str(folder)!r} is not the file that was saved: its SHA-256 is another one than "
                f"in {SUMS}; copy the whole folder again, and to change a bundle make a new one"
            )
    return set(sums)


def _read_sums(folder: Path) -> dict[str, str]:
    """Read lines of a sum and the name of a file in the folder itself: none of another folder can be named."""
    path = folder / SUMS
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        found = [match.groups() for line in lines if (match := _LINE.fullmatch(line))]
        sums = {name: digest for digest, name in found}
        if not len(lines) == len(found) == len(sums):
            raise ValueError
    except FileNotFoundError:
        raise ValueError(f"{SUMS} is missing in the bundle {str(folder)!r}; copy the whole folder again") from None
    except ValueError:
        raise ValueError(
            f"{SUMS} in the bundle {str(folder)!r} does not hold one line for each file of this folder, its SHA-256 "
            "and its name; copy the whole folder again"
        ) from None
    return sums


def _sum_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
