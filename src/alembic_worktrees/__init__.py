"""Many git worktrees, one Alembic database: borrow the migrations that are missing here, and upgrade."""

__version__ = "1.0.0"
PROGRAM = "alembic-worktrees"
