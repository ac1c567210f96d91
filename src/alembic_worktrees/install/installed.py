"""How was this command installed? What the installer wrote down (PEP 610) → Installed."""

from __future__ import annotations

import json
import re
import shlex
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from .. import __version__

# Stays as it is in a shell, in YAML and between quotes; git and servers read the rest just as well with a %.
_SAFE = "%/:@+~=,[]"


class Installed(NamedTuple):
    """`way` is "git", "index" or "folder", which a file also counts as; `source` is its URL, version or path."""

    way: str
    source: str
    commit: str = ""


def read() -> Installed:
    """Return how the command that runs here was installed."""
    try:
        return parse(distribution("alembic-worktrees").read_text("direct_url.json"))
    except PackageNotFoundError:  # it runs from where it lies
        return Installed("folder", str(Path(__file__).parents[3]))


def parse(direct_url: str | None) -> Installed:
    """Return what `direct_url.json` says. There is none of what came from an index."""
    if direct_url is None:
        return Installed("index", __version__)
    about = json.loads(direct_url)
    url, commit = about["url"], about.get("vcs_info", {}).get("commit_id")
    if commit and about["vcs_info"]["vcs"] == "git" and not about.get("subdirectory"):
        return Installed("git", _public(url), commit)
    return Installed("folder", unquote(urlsplit(url).path) if url.startswith("file:") else url)


def install_command(installed: Installed) -> str:
    """Return how to install the same, ready to be pasted; from a folder, on this machine."""
    if installed.way == "folder":
        return shlex.join(["pipx", "install", installed.source])
    return (
        f"pipx install git+{installed.source}" if installed.way == "git" else "pipx install alembic-worktrees"
    )


def _public(url: str) -> str:
    """Return the URL of a repository as it may stand in a file that is committed: with nobody's token."""
    return quote(re.sub(r"^(https?://)[^/@]*@", r"\1", url), safe=_SAFE)
