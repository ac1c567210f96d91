"""`.ci/venv` and `.ci/run` on machines that lack something: here the programs around them are stand-ins."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from shells import shell_or_skip
from worlds.process import run

if TYPE_CHECKING:
    from subprocess import CompletedProcess

CI = Path(__file__).resolve().parents[2] / ".ci"

# Writes down how it was called.
APT = """echo "apt-get $*" >>"$LOG"
[ "$1" = update ] || touch "$ROOT/installed"
"""
# Debian's, which cannot make a virtual environment until python3-venv is installed.
PYTHON = """case "$*" in *ensurepip*) [ -e "$ROOT/installed" ]; exit ;; esac
exec "$REAL" "$@"
"""
TOO_OLD = """case "$1" in --version) echo Python 3.9.2; exit ;; esac
exec "$REAL" -c "import sys; sys.version_info = (3, 9, 2)
$2"
"""


class Machine(NamedTuple):
    """A machine on which there are only the programs that a test puts there."""

    root: Path

    def put(self, name: str, text: str) -> None:
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(0o755)

    def user(self, number: int) -> None:
        self.put("id", f"echo {number}")

    @property
    def log(self) -> list[str]:
        path = self.root / "log"
        return path.read_text().splitlines() if path.exists() else []

    def run(self, *command: str) -> CompletedProcess[str]:
        env = {
            "PATH": str(self.root / "bin"),
            "ROOT": str(self.root),
            "LOG": str(self.root / "log"),
            "REAL": sys.executable,
        }
        return run(command, cwd=self.root, env=env, input="typed ahead\n", timeout=120)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "bin").mkdir()
    for name in ("sh", "bash", "env", "basename", "dirname", "touch"):
        (tmp_path / "bin" / name).symlink_to(shell_or_skip(name))
    machine = Machine(tmp_path)
    machine.put("python3", PYTHON)
    machine.put("apt-get", APT)
    machine.put("make", 'echo "make $* CI=$CI" >>"$LOG"\n! read -r line\n')
    machine.user(0)
    return machine


def venv(machine: Machine, python: str = "python3") -> CompletedProcess[str]:
    return machine.run("sh", str(CI / "venv"), python, "made here")


def test_complete_python(machine: Machine) -> None:
    (machine.root / "installed").touch()
    done = venv(machine)
    assert (done.returncode, done.stdout, done.stderr, machine.log) == (0, "", "", [])
    assert os.access(machine.root / "made here/bin/pip", os.X_OK)


def test_root_installs_what_is_missing(machine: Machine) -> None:
    done = venv(machine)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "This Python cannot make virtual environments yet; installing python3-venv.\n"
    assert machine.log == ["apt-get update", "apt-get install -y --no-install-recommends python3-venv"]


def test_user_with_sudo_installs_what_is_missing(machine: Machine) -> None:
    machine.user(1000)
    machine.put("sudo", 'echo "sudo $1" >>"$LOG"\nshift\nexec "$@"\n')
    machine.put("true", "")
    done = venv(machine)
    assert done.returncode == 0, done.stderr
    assert machine.log[:2] == ["sudo -n", "sudo -n"]
    assert machine.log[-1] == "apt-get install -y --no-install-recommends python3-venv"


@pytest.mark.parametrize("sudo", [False, True])
def test_user_without_rights_is_told_what_to_ask_for(sudo: bool, machine: Machine) -> None:
    machine.user(1000)
    if sudo:
        machine.put("sudo", "exit 1")  # it would ask for a password
    done = venv(machine)
    assert (done.returncode, done.stdout, machine.log) == (1, "", [])
    cure = "  sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends python3-venv'\n"
    assert cure in done.stderr
    assert not (machine.root / "made here").exists()


def test_another_version_needs_its_own_package(machine: Machine) -> None:
    machine.put("python3.12", PYTHON)
    assert venv(machine, "python3.12").returncode == 0
    assert machine.log[-1].endswith(" python3.12-venv")


def test_a_failing_installation_is_told(machine: Machine) -> None:
    machine.put("apt-get", "echo no network >&2; exit 100")
    done = venv(machine)
    assert done.returncode == 1
    assert "no network\n" in done.stderr
    assert "ensurepip is missing" in done.stderr


def test_python_that_is_too_old_or_missing(machine: Machine) -> None:
    machine.put("python3", TOO_OLD)
    done = venv(machine)
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.9.2 is too old: Python 3.10 or newer is needed.")
    done = venv(machine, "python4")
    assert done.returncode == 1
    assert done.stderr.startswith("There is no python4 here.")


@pytest.mark.parametrize(("there", "missing"), [("zsh fish", ""), ("zsh", "fish"), ("", "zsh fish")])
def test_ci_installs_the_missing_shells_and_tests(there: str, missing: str, machine: Machine) -> None:
    for name in ("bwrap", *there.split()):
        machine.put(name, "")
    done = machine.run("bash", str(CI / "run"))
    assert (done.returncode, done.stderr) == (0, "")
    install = ["apt-get update -qq", f"apt-get install -qq -y --no-install-recommends {missing}"]
    assert machine.log == [*(install if missing else []), "make test whole CI=true"]


def test_ci_fails_as_the_tests_fail(machine: Machine) -> None:
    machine.put("make", "exit 2")
    assert machine.run("bash", str(CI / "run")).returncode == 2
