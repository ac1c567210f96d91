"""What can go wrong when files are borrowed, or are not to be."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..messages import Text, _
from ..messages.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise UserError where what is within cannot write; it names this path if the error names none."""
    try:
        yield
    except OSError as error:
        text = _(
            "Cannot write {path}: {reason}. Nothing was borrowed. Free space or allow writing "
            "there, then run it again."
        )
        # Of a link the second is the name that the file would have got.
        names = (error.filename2, error.filename, path)
        raise UserError(text, path=next(filter(None, names)), reason=error.strerror) from error


class Objection(UserError):
    """Why nothing is to be done although it could be; `id` is the stable word for it."""

    def __init__(self, id: str, text: Text, /, **values: object) -> None:
        super().__init__(text, **values)
        self.id = id
