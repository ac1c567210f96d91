"""Shell → the text of the file that a shell sources; it finds the command and hands over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__

if TYPE_CHECKING:
    from .installed import Installed

SHELLS = ("bash", "zsh", "fish")

_TEMPLATES = Path(__file__).with_name("templates")

HOME = "ALEMBIC_WORKTREES_HOME"  # the variable that says where the functions were sourced from
FUNCTIONS = {  # and the commands that they call
    "auto_copy_missing_migrations": "upgrade",
    "find_migration_in_worktrees": "find",
    "list_all_migrations": "list",
}

# What both templates say stands here once. They put it between single quotes, so: no apostrophe.
_TEXTS = {
    "@VERSION@": __version__,
    "@NOT_FOUND_EN@": "alembic-worktrees: command not found; @INSTALL_EN@",
    "@NOT_FOUND_FR@": "alembic-worktrees : introuvable ; @INSTALL_FR@",
    "@NOT_RUNNABLE_EN@": "alembic-worktrees: the path in ALEMBIC_WORKTREES is not an executable file:",
    "@NOT_RUNNABLE_FR@": "alembic-worktrees : le chemin de ALEMBIC_WORKTREES ne mène à aucun exécutable :",
}

# The file is committed, and a folder of this machine is nothing to others.
_FROM_FOLDER = (
    "install it, in a clone of it: pipx install .",
    "pour installer, dans un clone : pipx install .",
)


def render(shell: str, how: Installed | None = None) -> str:
    """One of SHELLS → the text of its file; bash and zsh share one. ValueError for any other shell.

    It says how to install the command: as this one was, unless `how` says another way.
    """
    if shell not in SHELLS:
        raise ValueError(f"{shell!r} is none of {', '.join(SHELLS)}")
    template = _TEMPLATES / ("alembic-utils.fish" if shell == "fish" else "alembic-utils.sh")
    text = template.read_text(encoding="utf-8")
    for mark, words in (_TEXTS | _how_to_install(how)).items():
        text = text.replace(mark, words)
    return text


def _how_to_install(how: Installed | None) -> dict[str, str]:
    from . import installed  # what completes has no time for that

    how = how or installed.read()
    command = installed.install_command(how)
    words = (f"install it: {command}", f"pour installer : {command}")
    english, french = _FROM_FOLDER if how.way == "folder" else words
    return {"@INSTALL_EN@": english, "@INSTALL_FR@": french}


def render_completion(shell: str) -> str:
    """One of SHELLS → the text of what completes our commands there, and the functions of its shell file."""
    text = (_TEMPLATES / f"completion.{shell}").read_text(encoding="utf-8")
    return text.replace("@COMMANDS@", " ".join(["alembic-worktrees", *FUNCTIONS]))


def detect() -> str:
    """Return the one of SHELLS that runs this process; bash where that is unknown or another shell."""
    # Only `shim` without --shell asks. The package has no types.
    import shellingham  # type: ignore[import-untyped, unused-ignore]

    try:
        name, _path = shellingham.detect_shell()
    except shellingham.ShellDetectionFailure:
        return "bash"
    return name if name in SHELLS else "bash"
