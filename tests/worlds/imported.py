"""What Alembic finds in a migration file that nobody wrote: it imports it, so in a process of its own.

The process takes one file after another, and is started anew if one of them ends it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

SERVER = """
import json, os, resource, signal, sys, warnings

answers = os.fdopen(os.dup(1), "w")
for stream in (1, 2):
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
sys.dont_write_bytecode = True  # one of the file before, of the same name, size and second, would be believed
warnings.simplefilter("ignore")
import sqlalchemy, alembic.op
from alembic import util
from alembic.script import ScriptDirectory

def items(written, values):
    values = [value if isinstance(value, str) else {"is": type(value).__name__} for value in values]
    return sorted(values) if isinstance(written, (set, frozenset)) else values

def facts(scripts):
    script, = ScriptDirectory(scripts)._load_revisions()
    module, id = script.module, script.revision
    return {
        "id": id if isinstance(id, str) else {"is": type(id).__name__},
        "down": items(module.down_revision, util.to_tuple(script.down_revision, default=())),
        "depends": items(getattr(module, "depends_on", None), util.to_tuple(script.dependencies, default=())),
        "labels": items(getattr(module, "branch_labels", None), script._orig_branch_labels),
        "doc": module.__doc__,
    }

for line in sys.stdin:
    signal.alarm(20)
    before = set(sys.modules)
    try:
        answer = facts(json.loads(line))
    except BaseException as error:
        answer = {"failed": type(error).__name__}
    for name in set(sys.modules) - before:
        del sys.modules[name]
    signal.alarm(0)
    print(json.dumps(answer), file=answers, flush=True)
"""


class Imported(NamedTuple):
    """A migration as Alembic sees it; what stands in place of a string is shown as {"is": TYPE}."""

    id: str
    down: tuple[str, ...]
    depends: tuple[str, ...]
    labels: tuple[str, ...]
    doc: str | None


class Importer:
    """Alembic, which loads a folder of migrations that has one file."""

    def __init__(self, scripts: Path) -> None:
        """`scripts` is the folder above `versions`, which is made."""
        self._scripts = scripts
        self._versions = scripts / "versions"
        self._versions.mkdir(parents=True)
        self._server: subprocess.Popen[str] | None = None

    def load(self, content: bytes, name: str = "some_file.py") -> Imported | str:
        """What Alembic finds in a file of this content; the name of the error it ends with if it does."""
        path = self._versions / name
        path.write_bytes(content)
        try:
            answer = self._ask()
        finally:
            path.unlink()
        if "failed" in answer:
            return str(answer["failed"])
        listed: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in answer.items()
        }
        return Imported(**listed)

    def close(self) -> None:
        if self._server is not None:
            self._server.communicate(timeout=60)
            self._server = None

    def _ask(self) -> dict[str, Any]:
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-c", SERVER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                start_new_session=True,
            )
        assert self._server.stdin
        assert self._server.stdout
        print(json.dumps(str(self._scripts)), file=self._server.stdin, flush=True)
        line = self._server.stdout.readline()
        if not line:  # the file has ended the process: Alembic would have ended too
            self.close()
            return {"failed": "died"}
        answer: dict[str, Any] = json.loads(line)
        return answer
