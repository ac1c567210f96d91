"""Shell → the text of the file that a shell sources; it finds the command and hands over."""

from pathlib import Path

from alembic_worktrees import __version__

SHELLS = ("bash", "zsh", "fish")

_TEMPLATES = Path(__file__).with_name("templates")

_COMPLETED = (
    "alembic-worktrees",
    "auto_copy_missing_migrations",
    "find_migration_in_worktrees",
    "list_all_migrations",
)

# What both templates say stands here once. They put it between single quotes, so: no apostrophe.
_TEXTS = {
    "@VERSION@": __version__,
    "@NOT_FOUND_EN@": "alembic-worktrees: command not found; install it: pipx install alembic-worktrees",
    "@NOT_FOUND_FR@": "alembic-worktrees : introuvable ; pour installer : pipx install alembic-worktrees",
    "@NOT_RUNNABLE_EN@": "alembic-worktrees: the path in ALEMBIC_WORKTREES is not an executable file:",
    "@NOT_RUNNABLE_FR@": "alembic-worktrees : le chemin de ALEMBIC_WORKTREES ne mène à aucun exécutable :",
}


def render(shell: str) -> str:
    """One of SHELLS → the text of its file; bash and zsh share one. ValueError for any other shell."""
    if shell not in SHELLS:
        raise ValueError(f"{shell!r} is none of {', '.join(SHELLS)}")
    template = _TEMPLATES / ("alembic-utils.fish" if shell == "fish" else "alembic-utils.sh")
    text = template.read_text(encoding="utf-8")
    for mark, words in _TEXTS.items():
        text = text.replace(mark, words)
    return text


def render_completion(shell: str) -> str:
    """One of SHELLS → the text of what completes our commands there, and the functions of its shell file."""
    text = (_TEMPLATES / f"completion.{shell}").read_text(encoding="utf-8")
    return text.replace("@COMMANDS@", " ".join(_COMPLETED))


def detect() -> str:
    """Return the one of SHELLS that runs this process; bash where that is unknown or another shell."""
    # Only `shim` without --shell asks. The package has no types.
    import shellingham  # type: ignore[import-untyped, unused-ignore]

    try:
        name, _path = shellingham.detect_shell()
    except shellingham.ShellDetectionFailure:
        return "bash"
    return name if name in SHELLS else "bash"
