"""A process beside us: its output is read piece by piece, wherever a piece ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from alembic_worktrees.process import Reading

if TYPE_CHECKING:
    from pathlib import Path

END = b"\0/\0"


def test_what_comes_before_an_end(tmp_path: Path) -> None:
    """An end may come in two pieces, two of them in one piece, and none at the end of all."""
    script = r"""
        printf 'one\0'; sleep 0.2; printf '/\0\0/\0'
        head -c 300000 /dev/zero; printf '\0/\0last'
    """
    with Reading(["sh", "-c", script], folder=tmp_path, environment=os.environ) as reading:
        assert [reading.until(END) for _ in range(5)] == [b"one", b"", bytes(300_000), b"last", b""]
