"""Is it Python, as far as that can be told without running it?"""

from __future__ import annotations

import warnings


def is_module(content: bytes) -> bool:
    """Whether Python could load a file of this content, as far as that can be told without running it."""
    try:
        with warnings.catch_warnings():  # a "\\d" in a string is for others to complain about
            warnings.simplefilter("ignore")
            compile(content, "<migration>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
