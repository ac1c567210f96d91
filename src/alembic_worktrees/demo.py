"""x."""

from __future__ import annotations


def run_demo(tell: object) -> int:
    """X."""
    return 0
