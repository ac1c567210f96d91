"""`alembic-worktrees` and `python -m alembic_worktrees`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process and end it with the exit status."""
    if sys.argv[1:] != ["check", "--staged"] or not _is_good():
        from .cli import run

        sys.exit(run(sys.argv[1:]))


def _is_good() -> bool:
    """Whether a commit that touches no migration can pass before the command line is even loaded."""
    import os

    from .verdict import stands

    try:
        return stands(os.getcwd(), os.environ)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
