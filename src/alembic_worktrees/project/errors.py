"""What can be wrong with a project's Alembic config, as errors that the program acts upon."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..messages import _
from ..messages.errors import CALL, UserError

if TYPE_CHECKING:
    from pathlib import Path


class NoConfig(UserError):
    """There is no Alembic project in this folder."""


class BadConfig(UserError):
    """There is one, and nothing says where its migrations are; `id` is the stable word for it."""

    id: ClassVar[str]


class ConfigUnreadable(BadConfig):
    """A file is not what Alembic accepts, or cannot be read at all."""

    id = "config-unreadable"

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(_("{path} cannot be read as Alembic reads it: {reason}"), path=path, reason=reason)


class ScriptsMissing(BadConfig):
    """The folder that it names is not there."""

    id = "scripts-missing"


class PackageMissing(BadConfig):
    """The package of a location is not found."""

    id = "package-missing"


def not_configured(folder: Path) -> NoConfig:
    """Return what to say of a folder without an Alembic config."""
    text = _(
        "No Alembic project in {folder}: there is no alembic.ini with a script_location, "
        "nor [tool.alembic] in pyproject.toml. Name its folder, for example: {call:text} "
        "backend"
    )
    return NoConfig(text, folder=folder, call=CALL)
