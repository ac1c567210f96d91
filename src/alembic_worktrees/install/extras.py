"""The files that `init --with` writes: dev.sh, /sync and /finish. Home → text, sealed to know it again."""

from __future__ import annotations

import hashlib
import re
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..messages.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .changes import Target

DEV = "scripts/dev.sh"
ENV = "env"  # lines in env.py
FILES = {"dev": (DEV,), "claude": (".claude/commands/sync.md", ".claude/commands/finish.md")}

_TEMPLATES = Path(__file__).with_name("templates")
_SEAL = re.compile(r"(?<=alembic-worktrees init, seal )[0-9a-f]{12}")
_NO_SEAL = "0" * 12
_APP = re.compile(r"^(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*(?:\w+\.)*(?:FastAPI|Starlette)\(", re.MULTILINE)
_USUAL_APP = "app.main:app"


class Home(NamedTuple):
    """The repository to be at home in."""

    target: Target
    folder: Path  # of the Alembic project that dev.sh and the documents are about
    env: Path  # its env.py
    default_branch: str
    published: str | None  # the same of origin, "origin/main", where that is here
    silent_origin: bool  # whether nothing says which branch of origin is the published one
    language: str
    diverged: str = "merge"  # the setting


def render(name: str, home: Home) -> str:
    """Return the text of one of FILES."""
    backend = shlex.quote(home.folder.relative_to(home.target.root).as_posix())
    if name == DEV:
        return _sealed(_filled(_TEMPLATES / "dev.sh", {"@BACKEND@": backend, "@APP@": find_app(home.folder)}))
    published = quoted(home.published) if home.published else ""
    merges = home.diverged == "merge"
    values = {
        "@BACKEND@": backend,
        "@DEFAULT@": quoted(home.default_branch),
        "@FETCH@": "git fetch origin &&" if published else "",
        "@UPSTREAM@": published or quoted(home.default_branch),
        "@JOIN@": f'alembic-worktrees merge {backend} --stage -m "merge heads" &&' if merges else "",
        "@REBASE@": "" if merges else f"(cd {backend} && alembic-worktrees rebase --yes --stage) || false",
        "@FOLLOW@": f"git fetch origin && git merge --ff-only {published} &&" if published else "",
    }
    return _sealed(_filled(_TEMPLATES / f"{Path(name).stem}.{home.language}.md", values))


def env_lines() -> str:
    """Return what stands in an env.py."""
    return (_TEMPLATES / "env.txt").read_text(encoding="utf-8")


def is_as_written(text: str) -> bool:
    """Tell whether `text` is what `render` once returned, by whatever version and for whatever home."""
    seal = _SEAL.search(text)
    return seal is not None and _sealed(_SEAL.sub(_NO_SEAL, text)) == text


def _sealed(text: str) -> str:
    return text.replace(_NO_SEAL, hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12])


def _filled(template: Path, values: Mapping[str, str]) -> str:
    """Return a template with its marks filled; a line of a mark without a value goes."""
    text = template.read_text(encoding="utf-8")
    for mark, value in values.items():
        text = text.replace(mark, value) if value else text.replace(f"{mark}\n", "")
    return text


def find_app(folder: Path) -> str:
    """Return uvicorn's name for the application in `folder`: the one that lies nearest to its top."""
    paths = sorted(git.listed(folder, "*.py"), key=lambda path: (path.count("/"), path))
    for path in paths:
        with suppress(OSError):
            if found := _APP.search((folder / path).read_text("utf-8", "replace")):
                module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                return f"{module}:{found[1]}"
    return _USUAL_APP
