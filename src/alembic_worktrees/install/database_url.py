"""Which `database-url` leads to the database that env.py leads to? env.py is run once → lines for pyproject.toml."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ..database import direct
from ..database.client import Database
from ..messages.errors import UserError
from ..project.settings import settings_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..project.project import Project
    from ..project.settings import Settings


def offer(project: Project, settings: Settings, environment: Mapping[str, str]) -> str:
    """Return settings that lead to the rows that env.py leads to, as lines for their file; "" if none do.

    What is offered has been tried. Without a pyproject.toml nothing is run.
    """
    file = settings_file(project.root, project.folder)
    if settings.database_url or not file:
        return ""
    try:
        with Database(project, settings, environment, silent=True) as database:
            applied, urls = database.probe_with_urls()
    except (UserError, OSError):
        return ""  # `status` says why
    (table, *others), (url, *_) = applied.tables, urls
    if others or table.dialect != "postgresql":
        return ""
    name = f"{table.schema}.{table.table}" if table.schema else table.table
    for setting, value in _candidates(project, file.parent, environment):
        found = direct.read(value, name) if direct.same(value, url) else None
        if found and (set(found.heads), found.database) == (set(table.heads), table.database):
            lines = {"database-url": setting} | ({"version-table": name} if name != "alembic_version" else {})
            return "".join(f"{key} = {json.dumps(word)}\n" for key, word in lines.items())
    return ""


def _candidates(project: Project, folder: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield settings, as they are written in `folder`, each with the URL that stands there: what is in a file first."""
    for place in dict.fromkeys([project.folder, project.root]):
        for file in sorted([*place.glob(".env*"), place / ".flaskenv"]):
            for name, value in direct.variables(file, environment).items():
                yield f"dotenv:{os.path.relpath(file, folder)}:{name}", value
    yield from ((f"env:{name}", value) for name, value in environment.items())
