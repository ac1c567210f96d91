"""Compiles the translations when a wheel is built, or the package is installed to be edited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALE = "src/alembic_worktrees/messages/locale"


def compile_texts(root: Path) -> None:
    """Write each `.mo` beside its `.po`."""
    for source in (root / LOCALE).glob("*/LC_MESSAGES/*.po"):
        with source.open("rb") as texts, source.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, read_po(texts))


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """What hatchling calls before it builds."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; `artifacts` in pyproject.toml lets in what git ignores."""
        compile_texts(Path(self.root))


if __name__ == "__main__":
    compile_texts(Path(__file__).parent)
