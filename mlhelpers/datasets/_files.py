"""Files of data sets that others publish: found or fetched, and never another file than the one that was meant."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sklearn.datasets import get_data_home

VARIABLE = "MLHELPERS_DATA"


class DataFile(NamedTuple):
    """A file at an address that doesn't change, and what it must be."""

    path: str  # below the data folder, as in "goemotions/train.tsv"
    address: str
    n_bytes: int
    sha256: str


def paths_of(files: Iterable[DataFile], data_home: str | os.PathLike[str] | None, download: bool) -> list[Path]:
    """Return where the files are, after fetching those that are missing; all of them, or an error.

    The folder that the environment variable MLHELPERS_DATA names must hold the files: nothing is written there.
    """
    given = os.environ.get(VARIABLE) if data_home is None else None
    folder = Path(given) if given else Path(get_data_home(data_home)) / "mlhelpers"
    return [_found(file, folder, download and not given) for file in files]


def _found(file: DataFile, folder: Path, download: bool) -> Path:
    path = folder / file.path
    if path.is_file():
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != file.sha256:
            raise ValueError(
                f"{path} is another file than the one expected: its SHA-256 is {found}, that of {file.address} is "
                f"{file.sha256}; remove it, so that it is fetched again, or put the right file there"
            )
        return path
    if not download:
        raise FileNotFoundError(f"{path} is missing; {_way_out(file)}")
    return _fetched(file, path)


def _fetched(file: DataFile, path: Path) -> Path:
    """Fetch a file; pooch puts it in its place only when it is complete and has the right checksum."""
    try:
        import pooch
    except ImportError:
        raise ImportError(
            f"{path} is missing, and pooch, which fetches it, is not installed; run: pip install pooch, "
            f"or {_way_out(file)}"
        ) from None
    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(file.address, known_hash=f"sha256:{file.sha256}", fname=path.name, path=path.parent)
    except OSError as error:  # so are the errors of requests
        raise OSError(f"{path} is missing and could not be fetched ({error}); {_way_out(file)}") from error
    except ValueError:
        raise ValueError(
            f"what {file.address} sends is another file than the one expected, whose SHA-256 is {file.sha256}; "
            "nothing was kept"
        ) from None
    return path


def _way_out(file: DataFile) -> str:
    return (
        f"get it from {file.address} ({file.n_bytes / 1e6:.1f} MB) on a machine with a network, and let the "
        f"environment variable {VARIABLE} name a folder that holds it as {file.path}"
    )
