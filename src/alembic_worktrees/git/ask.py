"""How is git asked? In which folder, with which environment, and what is not run for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..messages import _
from ..messages.errors import UserError
from ..system.process import Result, run

if TYPE_CHECKING:
    from pathlib import Path


# What ties git to one repository: `git rev-parse --local-env-vars` (2.39) without the configuration, which may be
# the user's own, and with what receive-pack adds.
REPOSITORY_VARIABLES = frozenset({
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
})  # fmt: skip

# For every git that we run: words that can be told apart; no file written only to be faster next time; and nothing
# fetched by a partial clone because it was looked at (GIT_NO_LAZY_FETCH is of 2.45; before, no protocol leads out).
_QUIET = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}

# What a repository's configuration could otherwise make a question run: a neighbour need not be a friend. What it
# could make git fetch, and run for that, is forbidden by the environment.
_RUN_NOTHING = {"core.fsmonitor": "false", "core.alternateRefsCommand": "", "log.showSignature": "false"}
TIMEOUT = 20.0  # seconds for the first question about a repository; its configuration may include a pipe


class GitFailed(UserError):
    """Git could not do what it can do in a sound repository; `words` are its own."""

    def __init__(self, command: str, folder: Path, words: str) -> None:
        text = _(
            "{command} failed in {folder}:\n"
            "{words:text}\n"
            "  If that names no cure, see what is broken: git -C {folder:q} fsck"
        )
        super().__init__(text, command=command, folder=folder, words=words)


def environment() -> dict[str, str]:
    """Our environment without what a hook's git put there: the folder alone says which repository is meant."""
    kept = {name: value for name, value in os.environ.items() if name not in REPOSITORY_VARIABLES}
    others = int(kept.get("GIT_CONFIG_COUNT") or 0)  # the user's
    for number, (key, value) in enumerate(_RUN_NOTHING.items(), others):
        kept |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return kept | _QUIET | {"GIT_CONFIG_COUNT": str(others + len(_RUN_NOTHING))}


def ask(
    folder: Path, *argv: str, text: bytes = b"", in_hook: bool = False, timeout: float | None = None
) -> Result:
    """Run git in `folder`, whatever repository a surrounding hook is about; `in_hook` in that one.

    DESIGN, rule 9: who chose the folder decides. During `git commit` only the hook's own environment leads to
    the index that the commit will record. Nothing that the repository configures is run.
    """
    chosen = os.environ | _QUIET if in_hook else environment()
    return run(["git", *argv], folder=folder, environment=chosen, text=text, timeout=timeout)


def answer(folder: Path, *argv: str, text: bytes = b"", in_hook: bool = False) -> bytes:
    """Like `ask`, for questions that cannot fail in a sound repository. Raises GitFailed."""
    result = ask(folder, *argv, text=text, in_hook=in_hook)
    if result.status:
        raise failed(folder, "git " + " ".join(argv), result)
    return result.out


def line_of(result: Result) -> str | None:
    """Return the one line that git wrote, None if it wrote none. A name may end with a space, of another kind."""
    return os.fsdecode(result.out.removesuffix(b"\n")) or None


def failed(folder: Path, command: str, result: Result) -> GitFailed:
    """Return the error that shows what git said."""
    return GitFailed(command, folder, words_of(result))


def words_of(result: Result) -> str:
    """Return what git says, its commands ready to be pasted: it sets them off with tabs. It may quote a URL."""
    from ..runner.masking import mask

    return mask(os.fsdecode(result.err).strip().expandtabs(4))
