"""What does Alembic load with `sourceless = true` besides the sources? Paths below a version location → compiled files.

None of it is read: a `.pyc` is code for one version of Python, and what one declares is known to who runs it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

CACHE = "__pycache__"
_COMPILED_NAME = re.compile(r"(?!\.\#|__init__).*\.py[co]$")  # _sourceless_rev_file in alembic/script/base.py


def is_compiled(name: str) -> bool:
    """Whether Alembic would load a compiled file of this base name, if its source is not there."""
    return _COMPILED_NAME.match(name) is not None


def without_source(paths: Collection[str]) -> Iterator[str]:
    """Yield the compiled files among these that Alembic loads: Script._list_py_dir and Script._from_path, 1.20."""
    there = {*paths}
    stems = {_stem(path) for path in paths if os.path.basename(os.path.dirname(path)) != CACHE}
    for path in filter(lambda path: is_compiled(os.path.basename(path)), paths):
        folder, name = os.path.split(path)
        if os.path.basename(folder) == CACHE:
            hidden = _stem(os.path.join(os.path.dirname(folder), name)) in stems
        else:
            hidden = path[:-1] in there
        if not hidden:
            yield path


def _stem(path: str) -> str:
    """Return a path up to the first dot of its name: the cache names a file after the Python that wrote it."""
    folder, name = os.path.split(path)
    return os.path.join(folder, name.partition(".")[0])
