"""Where the book is published: parameters of the build, never a name in the sources.

BOOK_REPOSITORY  the repository's address, https://github.com/OWNER/NAME
BOOK_URL         the address of the published pages, https://OWNER.github.io/NAME
BOOK_BRANCH      the branch of the repository that holds the sources; main, if unset

In GitHub Actions the repository itself gives what is unset. Without both addresses the book has no
buttons that lead to a repository, Colab or Binder, and everything else works.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~-]+)*")
BRANCH = re.compile(r"(?![/.-])[A-Za-z0-9._/-]+(?<![/.])")
EXAMPLES = {"BOOK_REPOSITORY": "https://github.com/OWNER/NAME", "BOOK_URL": "https://OWNER.github.io/NAME"}


@dataclass(frozen=True)
class Publication:
    """The checked parameters."""

    repository: str
    url: str
    branch: str = "main"

    def environ(self) -> dict[str, str]:
        """Return the variables that hand the parameters on to another process."""
        return {"BOOK_REPOSITORY": self.repository, "BOOK_URL": self.url, "BOOK_BRANCH": self.branch}


def from_environment(environ: Mapping[str, str] = os.environ) -> Publication | None:
    """Return the parameters, or None if the book is not to be published; ValueError says what is wrong with them."""
    given = of_github_actions(environ) | {name: environ[name] for name in EXAMPLES if environ.get(name)}
    if not given:
        return None
    for name, example in EXAMPLES.items():
        if name not in given:
            (other,) = given
            raise ValueError(f"{name} is missing beside {other}: set both, as in {name}={example}, or neither")
        if mistake := mistake_in(given[name]):
            raise ValueError(f"{name} is {given[name]!r}: {mistake}; expected an address such as {example}")
    repository, branch = given["BOOK_REPOSITORY"], environ.get("BOOK_BRANCH") or "main"
    parts = urlsplit(repository).path.count("/")
    if parts < 2 or (urlsplit(repository).hostname == "github.com" and parts > 2) or repository.endswith(".git"):
        example = EXAMPLES["BOOK_REPOSITORY"]
        raise ValueError(f"BOOK_REPOSITORY is {repository!r}: not the page of a repository, such as {example}")
    if not BRANCH.fullmatch(branch) or ".." in branch:
        raise ValueError(f"BOOK_BRANCH is {branch!r}: not the name of a branch, such as main")
    return Publication(repository, given["BOOK_URL"], branch)


def of_github_actions(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the addresses of the repository whose workflow runs, and of its Pages."""
    owner, _, name = environ.get("GITHUB_REPOSITORY", "").partition("/")
    if environ.get("GITHUB_SERVER_URL") != "https://github.com" or not name:
        return {}
    host = f"{owner.lower()}.github.io"
    pages = f"https://{host}" if name.lower() == host else f"https://{host}/{name}"
    return {"BOOK_REPOSITORY": f"https://github.com/{owner}/{name}", "BOOK_URL": pages}


def mistake_in(address: str) -> str | None:
    if re.search(r"\s", address):
        return "it has a space in it"
    if address.endswith("/"):
        return "leave the slash at its end out"
    if not address.startswith(("http://", "https://")):
        return "it does not begin with https://"
    if not ADDRESS.fullmatch(address) or "/../" in f"{address}/":
        return "it holds more than a host and a plain path"
    if address.startswith("http://") and urlsplit(address).hostname not in ("localhost", "127.0.0.1"):
        return "http:// is for localhost alone"
    return None
