"""In what do models and databases differ? What `alembic revision --autogenerate` would write, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .applied import Applied


class Operation(NamedTuple):
    """What a new revision would do to one thing: an operation, or of an `alter_column` what it does to one `aspect`.

    Two comparisons mean the same by the same `text`, which is Python.
    """

    engine: str  # of several databases
    down: bool
    verb: str
    schema: str | None
    table: str | None
    kind: str
    name: str
    columns: tuple[str, ...]
    aspect: str
    text: str

    @property
    def is_adding(self) -> bool:
        """Whether there is more afterwards."""
        return self.verb.startswith(("add_", "create_"))


class Comparison(NamedTuple):
    """In what the models of a checkout and its databases differ."""

    applied: Applied
    operations: tuple[Operation, ...]


def operation(answer: dict[str, Any]) -> Operation:
    """Return what the runner has described."""
    return Operation(**{**answer, "columns": tuple(answer["columns"])})
