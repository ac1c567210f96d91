"""What can go wrong when files are borrowed, or are not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import Text, _
from ..messages.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


class CannotWrite(UserError):
    """A file could not be written; then nothing has been borrowed."""

    def __init__(self, path: Path | str, reason: str | None) -> None:
        text = _(
            "Cannot write {path}: {reason}. Nothing was borrowed. Free space or allow writing "
            "there, then run it again."
        )
        super().__init__(text, path=path, reason=reason)


class Objection(UserError):
    """Why nothing is to be done although it could be; `id` is the stable word for it."""

    def __init__(self, id: str, text: Text, /, **values: object) -> None:
        super().__init__(text, **values)
        self.id = id
