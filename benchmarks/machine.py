"""What a result was measured on, in words that name neither a host nor a path."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worlds.postgres import Server


def describe(server: Server) -> str:
    """Return the machine and the versions that matter, in one paragraph."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    with server.database() as database:
        postgres = database.execute("SHOW server_version")[0][0]
    programs = {
        "Python": platform.python_version(),
        "git": git,
        "PostgreSQL": postgres,
        "Alembic": version("alembic"),
        "SQLAlchemy": version("sqlalchemy"),
    }
    versions = ", ".join(f"{name} {number}" for name, number in programs.items())
    system = f"{platform.system()} {platform.release()} ({platform.machine()})"
    return f"Measured on {cores} cores and {memory:.0f} GB of memory, {system}, with {versions}."
