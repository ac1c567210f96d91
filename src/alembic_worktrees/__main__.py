"""`alembic-worktrees` and `python -m alembic_worktrees`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process and end it with the exit status."""
    from .cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
