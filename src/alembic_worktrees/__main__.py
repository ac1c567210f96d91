"""`alembic-worktrees` and `python -m alembic_worktrees`."""

from __future__ import annotations

import os
import sys

# What hooks call before a commit.
HOOKS = (["check", "--staged"], ["protect"])


def main() -> None:
    """Run the command line of this process and end it with the exit status."""
    _open_closed_streams()
    if _may_concern(sys.argv[1:]):
        import gc

        gc.set_threshold(50_000)  # a short run makes no garbage: to look for it takes a twentieth of the time
        from .cli.main import leave, run

        leave(run(sys.argv[1:]))


def _may_concern(argv: list[str]) -> bool:
    """Whether there is anything to do; what hooks call has mostly not, and need not even load the command line."""
    reporting = argv[:1] == ["report"]
    if argv not in HOOKS and not reporting:
        return True
    from .hooks.touched import may_bring, may_concern

    try:
        return may_bring(argv[1:], os.environ) if reporting else may_concern(os.environ)
    except KeyboardInterrupt:
        from .messages.errors import INTERRUPTED

        sys.exit(INTERRUPTED)
    except OSError:  # the command line has the words for it
        return True


def _open_closed_streams() -> None:
    """Take the places of standard streams that the caller has closed, before a file that we open takes one.

    To closed output nothing can be written, which is an error for data; talk is just not heard.
    """
    modes = (os.O_RDONLY, os.O_RDONLY, os.O_RDWR)
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.dup2(os.open(os.devnull, modes[handle]), handle)
    os.close(handle)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


if __name__ == "__main__":
    main()
