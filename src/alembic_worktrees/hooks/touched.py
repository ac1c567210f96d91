"""Does this commit, or what git has just brought, touch a migration or a configuration? Most do not.

A migration is a Python file in a version location: a folder `versions`, unless a configuration names other folders as
`version_locations`. Where this is not sure it says yes, and `review.py` looks closely.

That is told before anything is loaded, and this module imports nothing: to load `process.py` alone takes longer than
the whole answer.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # typing takes its time too
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CONFIGS = ("alembic.ini", "pyproject.toml")
MODULES = (".py", ".pyc", ".pyo")
USUAL_FOLDERS = ("", "backend")  # a configuration there counts also where git does not have it
LOCATIONS = "version_locations"
RECORD = ".gitignore"

VARIABLES = {
    "post-checkout": ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_CHECKOUT_TYPE"),
    "post-merge": ("PRE_COMMIT_IS_SQUASH_MERGE",),
    "post-rewrite": ("PRE_COMMIT_REWRITE_COMMAND",),
}

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
    return _concerns(CONFIGS, "diff-index", "--cached", "HEAD")


def may_bring(argv: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Tell whether a checkout, merge or rebase may have brought a migration or a configuration, or taken one away.

    `argv` are what git's hook was told. A `.gitignore` may now lie where the record of what is borrowed was.
    """
    if DISTURBING[0] in environment or not os.path.lexists(".git"):
        return True
    match told(argv, environment):
        case ("post-checkout", _, _, "0") | ("post-rewrite", "amend"):
            return False
        case "post-checkout", before, after, "1":
            return _concerns((*CONFIGS, RECORD), "diff-tree", "-r", "--end-of-options", before, after)
        case "post-merge", "1":  # a squash
            return _concerns((*CONFIGS, RECORD), "diff-index", "--cached", "HEAD")
        case ("post-merge", "0") | ("post-rewrite", "rebase"):
            return _concerns((*CONFIGS, RECORD), "diff-tree", "-r", "ORIG_HEAD", "HEAD")
    return True


def told(argv: Sequence[str], environment: Mapping[str, str]) -> Sequence[str]:
    """Return the name of the hook and what git told it; pre-commit hands that on in variables, and no name."""
    named = (hook for hook, names in VARIABLES.items() if names[-1] in environment)
    hook, *arguments = argv or [next(named, "post-merge")]
    names = VARIABLES.get(hook, ())
    return hook, *(
        arguments if len(arguments) == len(names) else (environment.get(name, "") for name in names)
    )


def _concerns(names: Sequence[str], *argv: str) -> bool:
    """Tell whether there is a migration among the files that git names, or a file of one of these names."""
    command, *rest = argv
    status, listed = _git(command, "--name-only", "-z", *rest)
    if status:
        return True  # there is no such commit, or no HEAD yet
    paths = os.fsdecode(listed).split("\0")
    if any(os.path.basename(path) in names for path in paths):
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


def _git(*argv: str) -> tuple[int, bytes]:
    """Return the exit status of git and what it answers, in the environment that a hook gives us."""
    reader, writer = os.pipe()
    silent = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
    process = os.posix_spawnp(
        "git", ["git", *argv], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1), silent]
    )
    os.close(writer)
    with open(reader, "rb") as answer:
        text = answer.read()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), text
