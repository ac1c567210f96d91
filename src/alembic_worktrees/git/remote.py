"""What goes over a network: only what is asked for by name, within a time limit, and without a hook of the user's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..system.process import Result, run_within
from .ask import environment

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT = 30.0  # seconds, for a user who types the word for a key too
# What git says when another writer has moved the ref meanwhile: as it looks, and when the remote is to write it.
_OVERTAKEN = (b"[rejected]", b"cannot lock ref", b"failed to update ref", b"incorrect old value")


def push(folder: Path, remote: str, commit: str, ref: str, noted: str) -> Result:
    """Let `ref` of a remote lead to a commit that comes after the one to which it leads; here `noted` says so."""
    quiet = ("--quiet", "--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no")
    done = _talk(folder, "push", *quiet, "--", remote, f"{commit}:{ref}")
    return done if done.status else _talk(folder, "update-ref", noted, commit)


def was_overtaken(result: Result) -> bool:
    """Tell whether a push failed only because the ref leads elsewhere."""
    return any(words in result.err for words in _OVERTAKEN)


def fetch(folder: Path, remote: str, refs: str, to: str, *, exactly: bool) -> Result:
    """Let the refs below `to` be those below `refs` of a remote.

    `exactly`: those that are no more there go, and a partial clone gets all of their files.
    """
    alone = ("--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc", "--refmap=")
    more = ("--prune", "--no-filter") if exactly else ("--no-prune",)
    return _talk(folder, "fetch", "--quiet", *alone, *more, "--", remote, f"+{refs}*:{to}*")


def _talk(folder: Path, *argv: str) -> Result:
    """Run git with the protocols and keys that the user has set up."""
    argv = ("git", "-c", f"core.hooksPath={os.devnull}", *argv)
    chosen = {name: value for name, value in environment().items() if name != "GIT_ALLOW_PROTOCOL"}
    if allowed := os.environ.get("GIT_ALLOW_PROTOCOL"):
        chosen["GIT_ALLOW_PROTOCOL"] = allowed
    return run_within(TIMEOUT, argv, folder=folder, environment=chosen)
