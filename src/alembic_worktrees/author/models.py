"""Do models and database agree, but for what others have applied?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..check.problems import Problem
from ..messages import Message, _
from .compare import differences
from .content import labels
from .telling import judged_by_names, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .compare import Author


def review_models(author: Author) -> Iterator[Problem]:
    """Compare the models of a project with its database. Raises UserError as `differences` does."""
    content = differences(author)
    for message in told(content) if author.verbose else ():
        author.tell(message)
    if content.by_names and not author.verbose:
        author.tell(judged_by_names(content.by_names))
    if content.kept:
        text = _("models and database differ:\n{operations:lines}")
        message = Message(text, {"operations": labels(content.kept)})
        hint = Message(_("Write a migration: alembic-worktrees revision --autogenerate -m MESSAGE"))
        env = os.path.relpath(author.project.scripts / "env.py", author.project.root)
        yield Problem("models-differ", None, message, hint, (env,))
