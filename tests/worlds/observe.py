"""What a whole world looks like, to compare before and after, and what a user at a terminal sees."""

from __future__ import annotations

import errno
import os
import pty
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


# What a run may leave behind anywhere: what Python compiled, and the lock.
TRACES = ("__pycache__", "alembic-worktrees.lock")


def tree(*roots: Path, without: Sequence[str] = ()) -> dict[str, bytes | str | None]:
    """Every path below `roots`: the bytes of a file, the target of a link, None for a folder.

    So refs, indexes and objects of git are in it too. `without` are names of files and folders to pass over.
    """
    found: dict[str, bytes | str | None] = {}
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders[:] = [name for name in folders if name not in without]
            for name in [*folders, *files]:
                if name not in without:
                    path = os.path.join(folder, name)
                    found[path] = _content(path)
    return found


def _content(path: str) -> bytes | str | None:
    if os.path.islink(path):
        return os.readlink(path)
    if os.path.isdir(path):
        return None
    with open(path, "rb") as file:
        return file.read()


class Seen(subprocess.CompletedProcess[str]):
    """How a process at a terminal ended; `stdout` is what did not go to the terminal, `screen` what did."""

    screen: str


def at_terminal(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    answer: str = "",
    piped: bool = False,
) -> Seen:
    """Run `command` at a real terminal on which the user types `answer` at once; `piped`: stdout is no terminal."""
    ours, theirs = pty.openpty()
    words = [str(word) for word in command]
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env={"PAGER": "cat", **env},
        stdin=theirs,
        stdout=subprocess.PIPE if piped else theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    screen = _read_all(ours)
    out, _ = process.communicate(timeout=60)
    seen = Seen(words, process.returncode, (out or b"").decode(), "")
    seen.screen = screen.decode().replace("\r\n", "\n")
    return seen


def _read_all(handle: int) -> bytes:
    """Read a terminal until nobody has its other end any more, which Linux says with EIO."""
    pieces = []
    with open(handle, "rb", buffering=0) as file, suppress(OSError):
        try:
            while piece := file.read(4096):
                pieces.append(piece)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
    return b"".join(pieces)
