"""Does this commit touch a migration or a configuration? Most do not, which is told before anything is loaded.

A migration is a Python file in a version location: a folder `versions`, unless a configuration names other folders as
`version_locations`. Where this is not sure it says yes, and `review.py` looks closely.

This module imports nothing: to load `process.py` alone takes longer than the whole answer.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # typing takes its time too
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONFIGS = ("alembic.ini", "pyproject.toml")
MODULES = (".py", ".pyc", ".pyo")
USUAL_FOLDERS = ("", "backend")  # a configuration there counts also where git does not have it
LOCATIONS = "version_locations"

# These make a hook judge something else, or by another configuration.
DISTURBING = ("ALEMBIC_CONFIG", "PRE_COMMIT_TO_REF", "PRE_COMMIT_REMOTE_NAME")

# The lines of all configurations in the index that may name version locations, whatever the user has configured.
_HOW = ("--cached", "--threads=1", "-haiF", "--no-color", "--no-line-number", "--no-column")
_LINES = (
    "grep",
    *_HOW,
    "--no-recurse-submodules",
    LOCATIONS,
    "--",
    *(f":(top,glob)**/{name}" for name in CONFIGS),
)


def may_concern(environment: Mapping[str, str]) -> bool:
    """Tell whether the commit that is being made in the current folder may touch a migration or a configuration."""
    if any(name in environment for name in DISTURBING) or not os.path.lexists(".git"):
        return True
    status, listed = _git("diff-index", "--cached", "--name-only", "-z", "HEAD")
    if status:
        return True  # there is no HEAD yet
    paths = os.fsdecode(listed).split("\0")
    if any(os.path.basename(path) in CONFIGS for path in paths):
        return True
    modules = [path for path in paths if path.endswith(MODULES)]
    return any("versions" in path.split("/") for path in modules) or (bool(modules) and _names_locations())


def _names_locations() -> bool:
    """Tell whether some configuration has the option `version_locations`."""
    status, lines = _git(*_LINES)
    if status > 1:
        return True
    return any(map(_is_option, lines.splitlines())) or any(map(_is_option, _unrecorded()))


def _unrecorded() -> Iterable[bytes]:
    for folder in USUAL_FOLDERS:
        for name in CONFIGS:
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    yield from file
            except (FileNotFoundError, NotADirectoryError):
                continue


def _is_option(line: bytes) -> bool:
    named = LOCATIONS.encode() in line.lower().replace(b"recursive_" + LOCATIONS.encode(), b"")
    return named and not line.lstrip().startswith((b"#", b";"))


def _git(*words: str) -> tuple[int, bytes]:
    """Return the exit status of git and what it answers, in the environment that a hook gives us."""
    reader, writer = os.pipe()
    silent = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
    process = os.posix_spawnp(
        "git", ["git", *words], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1), silent]
    )
    os.close(writer)
    with open(reader, "rb") as answer:
        text = answer.read()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), text
