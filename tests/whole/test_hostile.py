"""Neighbours, refs and records made to do harm: nothing is followed out, read without end, run, or overwritten."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import sys
import unicodedata
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.migrations.record import Entry, Origin, render
from alembic_worktrees.system.process import run
from alembic_worktrees.system.writing import temporary
from worlds.observe import TRACES, at_terminal, tree
from worlds.world import Checkout, Layout, World, revision_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.postgres import Database

ID = "bbbb2222"
FILE = f"{ID}_add_t.py"
TOOL = (sys.executable, "-m", "alembic_worktrees")


@pytest.fixture
def b(world: World) -> Checkout:
    """The checkout that borrows."""
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    return world.worktree("StoFlow-feature-B", "feature-B")


def begin(root: Path, layout: Layout | None = None) -> tuple[World, Checkout]:
    """A world without a database server, and the checkout that borrows."""
    world = World.create(root, f"sqlite:///{root}/shared.db", layout=layout)
    world.main.applied("aaaa1111")
    return world, world.worktree("StoFlow-feature-B", "feature-B")


def have_applied(world: World, id: str) -> None:
    """Let the database have a revision whose file is nowhere any more."""
    path = world.main.applied(id, "aaaa1111", commit=False)
    path.unlink()


def outside(checkout: Checkout) -> dict[str, bytes | str | None]:
    """All that lies in the world but not in this checkout."""
    everything = tree(checkout.world.root, without=TRACES)
    own = (str(checkout.path), str(checkout.world.main.path / ".git"), str(checkout.world.root / "shared.db"))
    return {path: content for path, content in everything.items() if not path.startswith(own)}


# Links that lead out


def beyond(checkout: Checkout) -> Path:
    """A folder outside of every checkout, with a whole project that has the migration."""
    place = checkout.world.root / "beyond" / checkout.name
    shutil.copytree(checkout.backend, place / "backend")
    (place / "backend/migrations/versions" / FILE).write_text(revision_text(ID, "aaaa1111"))
    return place / "backend"


def link(path: Path, target: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    path.symlink_to(target)


LINKS: dict[str, Callable[[Checkout, Path], None]] = {
    "versions": lambda one, there: link(one.versions, there / "migrations/versions"),
    "scripts": lambda one, there: link(one.backend / "migrations", there / "migrations"),
    "backend": lambda one, there: link(one.backend, there),
    "config": lambda one, there: link(one.backend / "alembic.ini", there / "alembic.ini"),
    "file": lambda one, there: link(one.versions / FILE, there / "migrations/versions" / FILE),
    "absolute": lambda one, there: configure(one, f"script_location = {there}/migrations\n"),
    "upwards": lambda one, there: configure(
        one, f"script_location = {os.path.relpath(there, one.backend)}/migrations\n"
    ),
}


def configure(checkout: Checkout, lines: str) -> None:
    (checkout.backend / "alembic.ini").write_text(f"[alembic]\n{lines}")


def test_nothing_is_followed_out_of_a_neighbour(world: World, database: Database, b: Checkout) -> None:
    for name, lead_out in LINKS.items():
        neighbour = world.worktree(f"StoFlow-{name}")
        lead_out(neighbour, beyond(neighbour))
    database.set_heads(ID)
    done = b.tool("upgrade", "-v")
    assert done.returncode == 1
    assert f"{ID} not found" in done.stderr
    for name in LINKS:
        assert re.search(f"Skipped ~/StoFlow-{name}\\b|Skipped ~/beyond/StoFlow-{name}/", done.stderr)
    for words in (["list", "--json"], ["graph", "--no-database"], ["find", ID]):
        assert ID not in b.tool(*words).stdout
    original = world.worktree("StoFlow-feature-A").revision(ID, "aaaa1111")
    b.tool("upgrade", check=True)
    assert (b.versions / FILE).read_bytes() == original.read_bytes()


def test_a_record_that_is_a_link_is_not_read(world: World, database: Database, b: Checkout) -> None:
    a = world.worktree("StoFlow-feature-A")
    path = a.revision(ID, "aaaa1111")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (a.versions / "record").write_text(render([Entry(FILE, ID, Origin("ref", "evil", None, ""), digest)]))
    (a.versions / ".gitignore").symlink_to("record")
    assert '"borrowed": true' not in a.tool("list", "--json", check=True).stdout
    database.set_heads(ID)
    assert "from StoFlow-feature-A" in b.tool("copy", check=True).stderr


# What a neighbour's git would run


SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n"


def armed(clone: Checkout, bomb: Path) -> None:
    """Configure the repository of a clone to run `bomb` wherever git can be made to run something."""
    hooks = clone.world.root / "hooks"
    hooks.mkdir()
    for hook in (
        "post-index-change",
        "reference-transaction",
        "pre-auto-gc",
        "post-checkout",
        "fsmonitor-watchman",
    ):
        shutil.copy(bomb, hooks / hook)
    included = clone.world.root / "included"
    included.write_text(f"[core]\n\tfsmonitor = {bomb}\n\talternateRefsCommand = {bomb}\n")
    settings = {
        "core.sshCommand": bomb,
        "core.pager": bomb,
        "pager.log": bomb,
        "core.editor": bomb,
        "core.askPass": bomb,
        "core.hooksPath": hooks,
        "credential.helper": f"!{bomb}",
        "diff.external": bomb,
        "diff.evil.textconv": bomb,
        "diff.evil.command": bomb,
        "filter.evil.clean": f"{bomb}; cat",
        "filter.evil.smudge": f"{bomb}; cat",
        "log.showSignature": "true",
        "log.mailmap": "true",
        "gpg.program": bomb,
        "gpg.ssh.program": bomb,
        "gpg.ssh.allowedSignersFile": bomb,
        "protocol.ext.allow": "always",
        "protocol.allow": "always",
        "remote.origin.url": f"ext::{bomb}",
        "remote.origin.uploadpack": bomb,
        "remote.origin.promisor": "true",
        "extensions.partialClone": "origin",
        "core.repositoryFormatVersion": "1",
        "includeIf.gitdir:/**.path": included,
        **{f"alias.{verb}": f"!{bomb}" for verb in ("ls-files", "ls-tree", "cat-file", "log", "rev-parse")},
    }
    for key, value in settings.items():
        clone.git("config", key, str(value))


def test_no_neighbours_git_runs_anything(world: World, database: Database, b: Checkout) -> None:
    """Copies that differ are held against what is committed; a search that fails goes through everything."""
    ran = world.root / "ran"
    bomb = world.root / "bomb"
    # Its words satisfy a git that wants a signature.
    bomb.write_text(
        f'#!/bin/sh\necho "$0 $*" >>{ran}\n'
        "case $1 in --status-fd=*) cat >/dev/null ;; esac\n"
        f"printf '\\n[GNUPG:] SIG_CREATED \\n' >&2\ncat <<.\n{SIGNATURE}.\n"
    )
    bomb.chmod(0o755)
    clone = world.clone("StoFlow-clone")
    clone.write(".gitattributes", "*.py filter=evil diff=evil\n")
    clone.revision(ID, "aaaa1111", table="theirs")
    clone.git("add", "--all")
    clone.git("-c", f"gpg.program={bomb}", "commit", "--quiet", "--gpg-sign", "-m", "Signed")
    clone.git("commit", "--quiet", "--allow-empty", "-m", "Another")
    blob = clone.git("rev-parse", "HEAD~1:.gitattributes").strip()
    armed(clone, bomb)
    os.utime(clone.versions / FILE, (1, 1))
    for words in (["status"], ["diff", "HEAD"], ["log", "-1", "HEAD~1"]):  # this is what it would be like
        ran.unlink(missing_ok=True)
        done = world.run("timeout", "10", "git", *words, cwd=clone.path)
        assert ran.exists(), (words, done)
    (clone.path / ".git/objects" / blob[:2] / blob[2:]).unlink()  # to be fetched from the "promisor"
    ran.unlink()
    os.mkfifo(world.root / "never-ends")
    clone.git("config", "diff.orderFile", str(world.root / "never-ends"))
    a = world.worktree("StoFlow-feature-A")
    a.revision(ID, "aaaa1111", table="ours")
    a.commit("Ours", a.versions / FILE)
    database.set_heads(ID)
    b.tool("copy", "--dry-run")
    b.tool("find", ID)
    b.tool("find", "nowhere")
    b.tool("copy", "--from", "StoFlow-clone:HEAD", "--dry-run", "--json")
    database.set_heads("nowhere")
    assert "nowhere not found" in b.tool("upgrade", "-v").stderr
    for words in (["list", "--json"], ["status"], ["graph"], ["check", "--database"]):
        b.tool(*words)
    assert not ran.exists(), ran.read_text()


def test_a_git_that_never_answers(
    world: World, database: Database, b: Checkout, thorough: bool, tmp_path: Path
) -> None:
    """A clone whose git config includes a pipe makes each of its git's commands wait for ever."""
    os.mkfifo(tmp_path / "pipe")
    done = run(["cat", "pipe"], folder=tmp_path, timeout=0.2)
    assert (done.status, done.err) == (-signal.SIGKILL, b"no answer within 0 seconds")
    if not thorough:  # each of these waits takes twenty seconds
        return
    clone = world.clone("StoFlow-clone")
    clone.git("config", "include.path", str(tmp_path / "pipe"))
    database.set_heads("nowhere")
    assert "Skipped ~/StoFlow-clone: git cannot read it" in b.tool("upgrade", "-v").stderr
    original = world.worktree("StoFlow-feature-A").revision(ID, "aaaa1111")
    database.set_heads(ID)
    os.mkfifo(b.versions / ".gitignore")  # even git itself waits
    assert b.tool("upgrade").returncode == 1
    assert not (b.versions / FILE).exists()
    (b.versions / ".gitignore").unlink()
    b.tool("upgrade", check=True)
    assert (b.versions / FILE).read_bytes() == original.read_bytes()


# What has no end


def test_nothing_is_read_without_end(world_root: Path) -> None:
    world, b = begin(world_root)
    have_applied(world, ID)
    for name, text in {
        "circle": "script_location = %(script_location)s%(script_location)s\n",
        "large": "script_location = migrations\n" + "# padding\n" * 500_000,
    }.items():
        configure(world.worktree(f"StoFlow-{name}"), text)
    brackets = world.worktree("StoFlow-brackets")
    (brackets.backend / "alembic.ini").unlink()
    brackets.write("backend/pyproject.toml", "[tool.alembic]\nscript_location = " + "[" * 300_000 + "\n")
    sparse = world.worktree("StoFlow-sparse")
    endless = world.worktree("StoFlow-endless")
    for path in (sparse.backend / "alembic.ini", endless.versions / "large.py"):
        with path.open("ab") as file:
            file.truncate(5 * 1024**3)
    os.mkfifo(endless.versions / "pipe.py")
    original = world.worktree("StoFlow-feature-A").revision(ID, "aaaa1111")
    # What is read has to fit into memory beside the program and its libraries.
    command = f"ulimit -v 1500000; exec {shlex.join([*TOOL, 'upgrade', '-v'])}"
    done = world.run("bash", "-c", command, cwd=b.backend, check=True, timeout=300)
    for name in ("circle", "large", "brackets", "sparse"):
        assert f"Skipped ~/StoFlow-{name}: its Alembic config cannot be read" in done.stderr, name
    for name in ("large", "pipe"):
        assert f"Skipped ~/StoFlow-endless/backend/migrations/versions/{name}.py: " in done.stderr, name
    assert (b.versions / FILE).read_bytes() == original.read_bytes()


# Names and words that steer a terminal


EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\u2066\u200b\u200e\U000e0041"
HARMLESS = {"\n", "\t", "\r"}


def steering(text: str) -> set[str]:
    """What steers a terminal, or cannot be seen."""
    return {one for one in text if unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp"}} - HARMLESS


def test_no_name_reaches_the_terminal_raw(
    world: World, database: Database, b: Checkout, thorough: bool
) -> None:
    place = world.root / f"StoFlow-{EVIL}\nbbbb2222 ok"
    world.main.git("worktree", "add", "--quiet", "-b", "evil\u202e\u2066\u200b/ok", place, "HEAD")
    a = Checkout(world, place)
    path = a.revision(ID, "aaaa1111", file=f"{EVIL}\nline.py", labels=f"label{EVIL}")
    path.write_text(f'"""Evil {EVIL} <script>alert(1)</script>"""\n' + path.read_text())
    (a.versions / f"broken{EVIL}\n.py").write_text("(")
    b.revision(f"cccc{EVIL}", "aaaa1111", file=f"own{EVIL}.py")
    database.set_heads(ID)
    env = {**world.env, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    calls = ["list", "status", "graph", "graph --format svg", "graph --format mermaid", "copy --dry-run -v"]
    if thorough:
        calls += ["list --json", "status --json", "copy --dry-run --json", "check --json", f"find no{EVIL}"]
    calls += [f"find {ID}", "check", "copy --dry-run --review", "copy -v", "upgrade -v", f"adopt x{EVIL}"]
    seen = [at_terminal([*TOOL, *call.split(" ")], cwd=b.backend, env=env).screen for call in calls]
    # Two that differ: the one that is not taken is named.
    other = world.worktree("StoFlow-other").revision("dddd4444", "aaaa1111")
    (a.versions / "dddd4444.py").write_text(other.read_text() + f"# {EVIL}\n")
    database.set_heads("dddd4444")
    seen.append(at_terminal([*TOOL, "copy", "-v"], cwd=b.backend, env=env).screen)
    assert re.search(r"Taken: .*\\x1b\]0;owned", seen[-1])
    seen += [b.tool("status").stdout, b.tool("graph").stdout, b.tool("copy", "-v").stderr]
    for call, screen in zip(
        [*calls, "differ", "piped status", "piped graph", "piped copy"], seen, strict=True
    ):
        # What Alembic says of a migration that it runs is its own.
        ours = "\n".join(line for line in screen.splitlines() if not line.startswith("INFO "))
        assert not steering(ours), call
        assert "\nbbbb2222 ok" not in ours, call
    assert "".join(seen).count("\\x1b]0;owned") > 20  # it is there to be seen, though


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_command_with_such_a_name_can_be_pasted(shell: str, world_root: Path) -> None:
    world, b = begin(world_root)
    a = world.worktree("StoFlow-feature-A")
    name = f"it's\\{EVIL} x.py"
    a.applied(ID, "aaaa1111", file=name, commit=False)
    b.tool("copy", check=True)
    (copy,) = (path for path in b.versions.glob("*.py") if ID in path.read_text())
    assert copy.name.isprintable()  # a .gitignore could not name it otherwise
    link(world.root / f"far{EVIL}\n'", b.path)
    with copy.open("a") as file:
        file.write("# edited\n")
    odd = world.root / f"far{EVIL}\n'" / "backend"
    said = world.run(*TOOL, "copy", cwd=odd).stderr
    command = re.findall("To get the original back: (.*)", said)[0]
    assert not steering(command)
    world.run(shell, "-c", command, cwd=world.root, check=True)
    assert not copy.exists()


# Records


def recorded(checkout: Checkout, *paths: str) -> str:
    """A record that says of each path that it was borrowed and may be removed."""
    digests = [
        hashlib.sha256(target.read_bytes()).hexdigest() for target in map(checkout.versions.joinpath, paths)
    ]
    origin = Origin("ref", "evil", None, "")
    rows = zip(paths, digests, strict=True)
    return render(Entry(path, f"evil{number}", origin, digest) for number, (path, digest) in enumerate(rows))


def test_a_hostile_record_reaches_nothing_but_migrations(world_root: Path) -> None:
    world, b = begin(world_root)
    stranger = world.root / "stranger.py"
    stranger.write_text(revision_text("stranger"))
    (b.versions / "notes.txt").write_text("mine\n")
    (b.versions / ".git").mkdir()
    (b.versions / ".git" / "x.py").write_text("mine\n")
    paths = ["notes.txt", "../env.py", os.path.relpath(stranger, b.versions), str(stranger), ".git/x.py"]
    text = recorded(b, *paths)
    digest = hashlib.sha256(b"mine\n").hexdigest()
    about = {
        "path": "x\n!/*\n",
        "revision": "x",
        "sha256": digest,
        "origin": dict.fromkeys(Origin._fields, ""),
    }
    text += f"# {json.dumps(about)}\n"
    record = b.versions / ".gitignore"
    record.write_text(text)
    have_applied(world, ID)
    world.worktree("StoFlow-feature-A").revision(ID, "aaaa1111")
    before = tree(world.root, without=(*TRACES, ".git", "shared.db"))
    b.tool("upgrade", check=True)
    after = tree(world.root, without=(*TRACES, ".git", "shared.db"))
    assert {path for path in {*before, *after} if before.get(path) != after.get(path)} == {
        str(record),
        str(b.versions / FILE),
    }
    assert "!" not in record.read_text().partition("[")[0]
    assert "evil" not in record.read_text()


def test_a_record_that_git_has_is_nobodys_word(world_root: Path) -> None:
    """A branch may hold a file that looks like our record: it is neither believed nor changed."""
    world, b = begin(world_root)
    mine = b.revision("mine", "aaaa1111")
    record = b.write("backend/migrations/versions/.gitignore", recorded(b, mine.name))
    b.git("add", "--force", record)
    b.git("commit", "--quiet", "-m", "Looks like a record")
    have_applied(world, ID)
    world.worktree("StoFlow-feature-A").revision(ID, "aaaa1111")
    text = record.read_bytes()
    b.tool("copy", check=True)
    assert mine.exists()
    assert record.read_bytes() == text
    assert (b.versions / FILE).exists()
    assert FILE in (b.versions.parent / ".gitignore").read_text()


# Where we write


def lead_versions(b: Checkout, there: Path) -> None:
    link(b.versions, there)


def lead_scripts(b: Checkout, there: Path) -> None:
    shutil.copytree(b.backend / "migrations", there / "scripts")
    link(b.backend / "migrations", there / "scripts")


def lead_config(b: Checkout, there: Path) -> None:
    ini = b.backend / "alembic.ini"
    words = f"script_location = migrations\nversion_locations = {there}"
    ini.write_text(re.sub("script_location = .*", words, ini.read_text()))


@pytest.mark.parametrize("lead_out", [lead_versions, lead_scripts, lead_config])
def test_nothing_is_written_where_a_link_leads(
    lead_out: Callable[[Checkout, Path], None], world_root: Path
) -> None:
    world, b = begin(world_root)
    there = world.root / "there"
    there.mkdir()
    shutil.copy(b.versions / "aaaa1111_add_t.py", there)
    (there / ".alembic-worktrees-x").write_text("not ours to remove")
    have_applied(world, ID)
    world.worktree("StoFlow-feature-A").revision(ID, "aaaa1111")
    lead_out(b, there)
    before = outside(b)
    done = b.tool("upgrade")
    assert done.returncode == 1
    assert "which git does not see as a folder of" in done.stderr
    assert outside(b) == before


def test_nothing_is_written_through_a_linked_subfolder(world_root: Path) -> None:
    world, b = begin(world_root, Layout(recursive=True))
    there = world.root / "there"
    there.mkdir()
    (b.versions / "2024").symlink_to(there)
    a = world.worktree("StoFlow-feature-A")
    a.applied(ID, "aaaa1111", file="2024/x.py", commit=False)
    assert b.tool("upgrade").returncode == 1
    assert list(there.iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "dangling", "folder"])
def test_what_has_the_name_of_our_record(kind: str, world_root: Path) -> None:
    world, b = begin(world_root)
    place, target = b.versions / ".gitignore", world.root / "target"
    if kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(target)
    if kind == "link":
        target.write_text(render([]))
    have_applied(world, ID)
    world.worktree("StoFlow-feature-A").revision(ID, "aaaa1111")
    before = target.read_bytes() if target.exists() else None
    b.tool("upgrade", check=True)
    assert (target.read_bytes() if target.exists() else None) == before
    assert FILE in (b.versions.parent / ".gitignore").read_text()
    assert (b.versions / FILE).is_file()


def test_a_link_that_has_the_name_of_the_copy(world_root: Path) -> None:
    world, b = begin(world_root)
    target = world.root / "target"
    (b.versions / FILE).symlink_to(target)
    have_applied(world, ID)
    original = world.worktree("StoFlow-feature-A").revision(ID, "aaaa1111")
    b.tool("copy", check=True)
    assert not target.exists()
    assert (b.versions / FILE).is_symlink()
    assert (b.versions / f"{ID}_add_t_{ID}.py").read_bytes() == original.read_bytes()


def test_a_temporary_name_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever guesses the name of a temporary file, and puts a link there, gains nothing."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    monkeypatch.setattr("tempfile._get_candidate_names", lambda: iter(["guessed", "other"]))
    (tmp_path / ".alembic-worktrees-guessed").symlink_to(victim)
    with temporary(tmp_path, b"content") as path:
        assert path.name == ".alembic-worktrees-other"
    assert victim.read_text() == "mine"


# Trees that git itself would not check out


def made(world: World, entries: dict[str, str]) -> str:
    """Write a tree with any names; a value is "MODE ID"."""
    packed = b"".join(
        f"{about.split()[0]} {name}\0".encode() + bytes.fromhex(about.split()[1])
        for name, about in sorted(entries.items())
    )
    path = world.root / "packed"
    path.write_bytes(packed)
    return world.main.git("hash-object", "-t", "tree", "-w", "--literally", path).strip()


def planted(world: World, id: str) -> str:
    path = world.root / "planted.py"
    path.write_text(revision_text(id, "aaaa1111"))
    return "100644 " + world.main.git("hash-object", "-w", path).strip()


def test_a_tree_with_names_that_lead_out(world_root: Path) -> None:
    world, b = begin(world_root, Layout(recursive=True))
    ids = ("slashed", "climbing", "gitdir", "absolute")
    inner = made(world, {"evil.py": planted(world, "climbing")})
    hooks = made(world, {"hooks.py": planted(world, "gitdir")})
    tip = made(
        world,
        {
            "../../../../slashed.py": planted(world, "slashed"),
            "..": f"40000 {inner}",
            ".GIT": f"40000 {hooks}",
            f"{world.root}/absolute.py": planted(world, "absolute"),
        },
    )
    for name in ("versions", "migrations", "backend"):
        tip = made(world, {name: f"40000 {tip}"})
    commit = world.main.git("commit-tree", tip, "-m", "Evil").strip()
    world.main.git("update-ref", "refs/heads/evil", commit)
    before = outside(b)
    for id in ids:
        assert b.tool("find", id).returncode == 1
        have_applied(world, id)
        assert b.tool("copy").returncode == 1
        world.main.alembic("stamp", "--purge", "aaaa1111", check=True)
    assert outside(b).keys() == before.keys()
    assert b.git_status() == ""


def test_an_archive_with_paths_that_lead_out(world_root: Path) -> None:
    """An archive may come from anywhere by a mirror: what git would not check out lands nowhere."""
    world, b = begin(world_root, Layout(recursive=True))
    leaf = made(world, {"evil.py": planted(world, "climbing")})
    up = made(world, {"..": f"40000 {made(world, {'..': f'40000 {leaf}'})}"})
    hooks = made(world, {"hooks": f"40000 {made(world, {'post-merge.py': planted(world, 'hook')})}"})
    tip = made(world, {"climbing": f"40000 {up}", "hook": f"40000 {made(world, {'.git': f'40000 {hooks}'})}"})
    world.main.git(
        "update-ref", "refs/alembic-worktrees/applied", world.main.git("commit-tree", tip, "-m", "x").strip()
    )
    before, inside = outside(b), tree(b.path).keys()
    for id in ("climbing", "hook"):
        have_applied(world, id)
        assert f"Migration {id} not found" in b.tool("copy").stderr
        assert tree(b.path, without=TRACES).keys() == inside
        world.main.alembic("stamp", "--purge", "aaaa1111", check=True)
    assert outside(b).keys() == before.keys()
