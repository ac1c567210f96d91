"""The Pythons of this machine, and virtual environments that are made once and kept in `.matrix`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from worlds.process import locked, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REPOSITORY = Path(__file__).resolve().parents[2]
KEPT = REPOSITORY / ".matrix"
NAMES = tuple(f"3.{minor}" for minor in range(8, 20))


@cache
def pythons() -> dict[str, Path]:
    """Every Python here that can make virtual environments, by the version's name, oldest first: "3.8" → path."""
    found = ((name, next(filter(lambda path: _is(name, path), _places(name)), None)) for name in NAMES)
    return {name: path for name, path in found if path}


def _places(name: str) -> Iterator[Path]:
    if sys.version.startswith(f"{name}."):
        yield Path(sys.executable)
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(root.glob(f"versions/{name}.*/bin/python{name}"))
    if on_path := shutil.which(f"python{name}"):
        yield Path(on_path)


def _is(name: str, path: Path) -> bool:
    """Ask it: what is on PATH may be a shim for a version that is not installed, and Debian's may lack ensurepip."""
    code = (
        "import sys; from importlib.util import find_spec;"
        "print('%d.%d' % sys.version_info[:2], find_spec('ensurepip') is not None)"
    )
    asked = subprocess.run([path, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    return asked.stdout.split() == [name, "True"]


class Environment(NamedTuple):
    """A virtual environment."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def activated(self) -> dict[str, str]:
        """What `bin/activate` would set."""
        path = os.pathsep.join([str(self.folder / "bin"), os.environ.get("PATH", os.defpath)])
        return {"VIRTUAL_ENV": str(self.folder), "PATH": path}

    @property
    def installed(self) -> dict[str, str]:
        """The version of each package, by its name in small letters with `-`."""
        found = (
            re.fullmatch(r"(.+)-([^-]+)\.dist-info", folder.name)
            for folder in self.folder.glob("lib/python*/site-packages/*.dist-info")
        )
        return {match[1].lower().replace("_", "-"): match[2] for match in found if match}


def environment(name: str, python: Path, *words: str | Path, floors: Sequence[str] = ()) -> Environment:
    """The environment `name` with what `pip install` puts there for `words`; made unless it is there already.

    `floors` are requirements `PACKAGE>=VERSION`, of each of which it gets the lowest version that it can.
    """
    made = Environment(KEPT / name)
    recipe = made.folder / "recipe.txt"
    text = "\n".join(map(str, [python, *words, *floors]))
    KEPT.mkdir(exist_ok=True)
    with locked(KEPT / f"{name}.lock"):
        if not recipe.is_file() or recipe.read_text() != text:
            shutil.rmtree(made.folder, ignore_errors=True)
            _do(python, "-m", "venv", made.folder)
            version = _do(python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()
            lowest = [_lowest(version, *split(floor)) for floor in floors]
            _do(made.python, "-m", "pip", "install", "--quiet", *words, *lowest)
            recipe.write_text(text)
    return made


def split(floor: str) -> tuple[str, str]:
    """Package and version of a requirement `PACKAGE>=VERSION`."""
    match = re.match(r"([\w-]+)>=([\d.]+)", floor)
    assert match, floor
    return match[1], match[2]


def _lowest(python: str, package: str, floor: str) -> str:
    """The lowest version from `floor` on of which there is a wheel for the Python "3.8", as a requirement."""
    wheels = ("--only-binary", ":all:", "--python-version", python)
    done = _do(sys.executable, "-m", "pip", "index", "versions", package, *wheels)
    found = re.search(r"^Available versions: (.*)$", done, re.MULTILINE)
    assert found, done
    versions = [version for version in found[1].split(", ") if _numbers(version) >= _numbers(floor)]
    return f"{package}=={min(versions, key=_numbers)}"


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _do(*command: str | Path) -> str:
    return run(command, cwd=REPOSITORY, env=os.environ, check=True, timeout=600).stdout
