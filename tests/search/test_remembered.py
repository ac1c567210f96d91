"""What git remembers: a migration that lies in no checkout is found wherever git still has it, and cheaply."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alembic_worktrees import git
from worlds.observe import at_terminal
from worlds.searching import found, kinds, search, shown, spy
from worlds.world import Layout, World, revision_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from worlds.postgres import Database
    from worlds.world import Checkout

ID = "bbbb2222"
FILE = f"{ID}_add_t.py"
PATH = f"backend/migrations/versions/{FILE}"
TEXT = revision_text(ID, "aaaa1111").encode()
BIG = "# " + "x" * 5_000_000


@pytest.fixture(autouse=True)
def hermetic(monkeypatch: pytest.MonkeyPatch, world_root: Path) -> None:
    """Let our own questions to git, asked in this process, know nothing of the user's git either."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(world_root / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def world(world_root: Path) -> World:
    """A project with one migration, aaaa1111, committed; nothing here needs a database."""
    return begin(World.create(world_root, "sqlite://"))


def begin(world: World) -> World:
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    return world


def branch(world: World, name: str = "feature-A") -> str:
    """Put the migration on a branch that no checkout has; its commit."""
    main = world.main
    main.git("checkout", "--quiet", "-b", name)
    main.revision(ID, "aaaa1111")
    main.commit(f"Add {ID}")
    commit = main.head()
    main.git("checkout", "--quiet", "develop")
    return commit


def forget(checkout: Checkout, *refs: str) -> None:
    """Leave no trace of these branches but their commits."""
    if refs:
        checkout.git("branch", "--quiet", "-D", *refs)
    checkout.git("reflog", "expire", "--expire=now", "--all")


# Each place that git remembers


def in_branch(world: World) -> None:
    branch(world)


def in_remote_branch(world: World) -> None:
    world.run("git", "init", "--bare", "--quiet", world.root / "remote.git", check=True)
    branch(world)
    main = world.main
    main.git("remote", "add", "origin", str(world.root / "remote.git"))
    main.git("push", "--quiet", "origin", "feature-A")
    forget(main, "feature-A")


def in_tag(world: World) -> None:
    main = world.main
    main.git("tag", "v1", branch(world))
    forget(main, "feature-A")


def in_annotated_tag(world: World) -> None:
    main = world.main
    main.git("tag", "-a", "-m", "One", "v1", branch(world))
    main.git("tag", "-a", "-m", "A tag of a tag", "v2", "v1")
    main.git("tag", "-d", "v1")
    forget(main, "feature-A")


def in_stash(world: World) -> None:
    """A file that git knew became the migration."""
    main = world.main
    main.write(PATH, revision_text("old", "aaaa1111"))
    main.commit("Add old")
    main.write(PATH, TEXT.decode())
    main.git("stash")


def in_stashed_index(world: World) -> None:
    main = world.main
    main.write(PATH, revision_text("old", "aaaa1111"))
    main.commit("Add old")
    main.write(PATH, TEXT.decode())
    main.git("add", PATH)
    main.write(PATH, revision_text("other", "aaaa1111"))
    main.git("stash")


def in_stashed_untracked(world: World) -> None:
    world.main.write("backend/alembic.ini", (world.main.backend / "alembic.ini").read_text() + "\n")
    world.main.revision(ID, "aaaa1111")
    world.main.git("stash", "--include-untracked")


def in_reflog_after_reset(world: World) -> None:
    world.main.revision(ID, "aaaa1111")
    world.main.commit(f"Add {ID}")
    world.main.git("reset", "--quiet", "--hard", "HEAD~1")


def in_reflog_after_amend(world: World) -> None:
    main = world.main
    main.revision(ID, "aaaa1111")
    main.commit(f"Add {ID}")
    main.revision("cccc3333", "aaaa1111", file=FILE)
    main.git("commit", "--quiet", "--all", "--amend", "-m", "Another")


def in_reflog_of_head(world: World) -> None:
    branch(world)
    world.main.git("branch", "--quiet", "-D", "feature-A")


def in_reflog_of_a_worktree(world: World) -> None:
    a = world.worktree("StoFlow-A")
    a.revision(ID, "aaaa1111")
    a.commit(f"Add {ID}")
    a.git("checkout", "--quiet", "--detach", "develop")
    world.main.git("branch", "--quiet", "-D", "StoFlow-A")


def in_history(world: World) -> None:
    main = world.main
    main.revision(ID, "aaaa1111")
    main.commit(f"Add {ID}")
    main.git("rm", "--quiet", PATH)
    main.commit("Away with it")
    forget(main)


def in_history_of_a_merge(world: World) -> None:
    """Only the merge itself had it so."""
    main = world.main
    main.git("checkout", "--quiet", "-b", "side")
    main.write("side.txt", "")
    main.commit("Side")
    main.git("checkout", "--quiet", "develop")
    main.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    main.revision(ID, "aaaa1111")
    main.commit("An evil merge")
    main.git("rm", "--quiet", PATH)
    main.commit("Away with it")
    forget(main)


def in_lost_commit(world: World) -> None:
    a = world.worktree("StoFlow-A")
    a.revision(ID, "aaaa1111")
    a.commit(f"Add {ID}")
    a.write("more.txt", "")
    a.commit("More")
    world.main.git("worktree", "remove", "--force", a.path)
    forget(world.main, "StoFlow-A")


def in_dropped_stash(world: World) -> None:
    in_stashed_untracked(world)
    world.main.git("stash", "drop")


PLACES: dict[str, tuple[Callable[[World], None], str, str]] = {
    "branch": (in_branch, "ref", "feature-A"),
    "remote branch": (in_remote_branch, "ref", "origin/feature-A"),
    "tag": (in_tag, "ref", "v1"),
    "annotated tag": (in_annotated_tag, "ref", "v2"),
    "stash": (in_stash, "stash", "stash@{0}"),
    "stashed index": (in_stashed_index, "stash", "stash@{0}"),
    "stashed untracked": (in_stashed_untracked, "stash", "stash@{0}"),
    "reset": (in_reflog_after_reset, "reflog", ""),
    "amended": (in_reflog_after_amend, "reflog", ""),
    "branch deleted": (in_reflog_of_head, "reflog", ""),
    "worktree's reflog": (in_reflog_of_a_worktree, "reflog", ""),
    "history": (in_history, "history", ""),
    "evil merge": (in_history_of_a_merge, "history", ""),
    "lost commit": (in_lost_commit, "unreachable", ""),
    "dropped stash": (in_dropped_stash, "unreachable", ""),
}


@pytest.mark.parametrize("place", PLACES)
def test_each_place(place: str, world: World) -> None:
    lose, kind, name = PLACES[place]
    lose(world)
    one = found(world.main, ID)[0]
    assert one.content == TEXT
    assert (one.origin.kind, one.origin.path) == (kind, PATH)
    assert one.origin.name == (name or (one.origin.commit or "")[:10])
    assert found(world.main, ID, prefer=one.origin.name)[0].content == TEXT


@pytest.mark.parametrize("place", PLACES)
def test_each_place_after_packing(place: str, world: World) -> None:
    """As it is after `git gc`, which keeps what is not two weeks old."""
    lose, _, _ = PLACES[place]
    lose(world)
    world.main.git("repack", "-q", "-a", "-d")
    world.main.git("pack-refs", "--all")
    assert found(world.main, ID)[0].content == TEXT


def test_find_prints_what_git_show_takes(world: World) -> None:
    commit = branch(world)
    for cwd in (world.main.path, world.main.backend, world.main.versions):
        done = world.main.tool("find", ID, cwd=cwd, check=True)
        assert done.stdout == f"{commit}:{PATH}\n"
        assert done.stderr == ""
    assert shown(world.main, done.stdout.strip()) == TEXT


def test_nowhere(world: World) -> None:
    done = world.main.tool("find", ID)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Migration {ID} not found" in done.stderr


@pytest.mark.parametrize(
    "disturbance",
    [
        "color.ui=always",
        "log.showSignature=true",
        "log.follow=true",
        "log.date=iso",
        "log.diffMerges=combined",
        "diff.renames=copies",
        "diff.relative=true",
        "core.quotePath=false",
        "format.pretty=oneline",
        "core.abbrev=4",
        "stash.showIncludeUntracked=true",
        "core.logAllRefUpdates=always",
        "log.mailmap=true",
        "diff.noprefix=true",
        "alias.log=status",
        "core.pager=false",
    ],
)
def test_whatever_the_user_has_configured(disturbance: str, world: World) -> None:
    lose = [in_history, in_stashed_untracked, in_lost_commit][len(disturbance) % 3]
    key, _, value = disturbance.partition("=")
    world.main.git("config", "--global", key, value)
    lose(world)
    for disturbed in (in_history, in_stash):
        if disturbed is not lose:
            assert found(world.main, ID)[0].content == TEXT


# Cheap and lazy


def trace(world: World, id: str) -> list[str]:
    """The words of each git process that a search for `id` starts."""
    log = world.root / "trace"
    log.unlink(missing_ok=True)
    world.main.tool("find", id, env={"GIT_TRACE": str(log)}, check=True)
    lines = (line.partition("trace: built-in: git ")[2] for line in log.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("rev-list --objects --stdin")]  # fsck's


ASKING = {
    "refs": "for-each-ref '--format=%(refname)%00%(objectname)%00%(*objectname)' refs/heads/",
    "archive": "refs/alembic-worktrees/applied",
    "stashes": "rev-list --walk-reflogs",
    "reflogs": "rev-list --no-walk=sorted --reflog",
    "history": "--full-history",
    "lost": "fsck",
}


@pytest.mark.parametrize(
    ("place", "asked"),
    [("here", 0), ("branch", 1), ("stash", 3), ("reset", 4), ("history", 5), ("lost commit", 6)],
)
def test_each_tier_is_asked_only_if_those_before_lack_something(place: str, asked: int, world: World) -> None:
    if place == "here":
        world.main.revision(ID, "aaaa1111")
    else:
        PLACES[place][0](world)
    commands = trace(world, ID)
    tiers = list(ASKING)
    seen = [
        tier
        for tier in tiers
        if any(ASKING[tier] in command for command in commands if "--exclude" not in command)
    ]
    seen += ["history"] if any("--full-history" in command for command in commands) else []
    assert sorted(set(seen)) == sorted(tiers[:asked])
    assert len(commands) <= 5 + 6 * asked


def many(world: World, branches: int, files: int) -> None:
    """Give the repository `branches` branches, each a migration ahead of the last, that share `files` files."""
    lines: list[bytes] = []
    for number in range(files):
        text = revision_text(f"{number:04}cafe", f"{number - 1:04}cafe" if number else "aaaa1111").encode()
        lines.append(b"blob\nmark :%d\ndata %d\n%b\n" % (number + 1, len(text), text))
    for number in range(branches):
        lines.append(
            b"commit refs/heads/many/%03d\ncommitter Dev <dev> %d +0000\ndata 0\n"
            % (number, 1700000000 + number)
        )
        lines.append(b"from refs/heads/develop\n")
        for file in range(files - branches + number + 1):
            lines.append(b"M 100644 :%d backend/migrations/versions/%04d.py\n" % (file + 1, file))
    stream = b"".join(lines)
    subprocess.run(
        ["git", "fast-import", "--quiet", "--date-format=raw-permissive"],
        cwd=world.main.path,
        env=world.env,
        input=stream,
        check=True,
    )


def test_cost_follows_distinct_files_not_branches(world: World) -> None:
    log = world.root / "asked"
    counting = spy(world, f'case "$1 $2" in "cat-file --batch") exec tee -a {log} | "$REAL" "$@";; esac')
    many(world, 109, 286)
    commands = trace(world, "0285cafe")
    world.main.tool("find", "0285cafe", env=counting, check=True)
    asked = log.read_text().split()
    assert len(asked) == len(set(asked))  # nothing is read twice
    names = "".join(f"{oid}\n" for oid in asked)
    described = world.run(
        "git", "cat-file", "--batch-check", cwd=world.main.path, input=names, check=True
    ).stdout
    types = [line.split()[1] for line in described.splitlines()]
    assert types.count("blob") == 287 + 1  # the config
    assert types.count("tree") == 109 + 1
    world.main.git("branch", "--quiet", "-D", *(f"many/{number:03}" for number in range(100)))
    assert len(trace(world, "0285cafe")) == len(commands) <= 20


def test_a_file_that_many_branches_share_is_one_candidate(world: World) -> None:
    many(world, 5, 20)
    (one,) = found(world.main, "0015cafe")
    assert one.origin.name == "many/000"


@pytest.mark.parametrize("lose", [in_branch, in_lost_commit])
def test_progress_on_a_terminal_only(lose: Callable[[World], None], world: World) -> None:
    lose(world)
    words = [sys.executable, "-m", "alembic_worktrees", "find", ID]
    seen = at_terminal(words, cwd=world.main.backend, env=world.env, piped=True)
    assert seen.returncode == 0
    assert f":{PATH}\n" in seen.stdout
    lines = [line for line in seen.screen.splitlines() if "looking in" in line]
    assert "branches and tags" in lines[0]
    assert len(lines) == (1 if lose is in_branch else 6)
    assert world.main.tool("find", ID, check=True).stderr == ""


# Layouts


def test_several_version_locations(world_root: Path) -> None:
    locations = ("migrations/versions", "plugins/é x/versions")
    world = World.create(world_root, "sqlite://", layout=Layout(version_locations=locations))
    main = begin(world).main
    main.git("checkout", "--quiet", "-b", "feature-A")
    main.revision(ID, "aaaa1111", location=locations[1])
    main.commit(f"Add {ID}")
    main.git("checkout", "--quiet", "develop")
    (one,) = found(main, ID)
    assert (one.location, one.relative_path) == (f"backend/{locations[1]}", FILE)
    forget(main, "feature-A")
    assert kinds(found(main, ID)) == ["unreachable"]


@pytest.mark.parametrize("recursive", [True, False])
def test_sub_folders(recursive: bool, world_root: Path) -> None:
    main = begin(World.create(world_root, "sqlite://", layout=Layout(recursive=recursive))).main
    for text in ("2024/05/x.py", "2024/__pycache__/y.py"):
        id = ID if "x.py" in text else "cached"
        main.revision(id, "aaaa1111", file=text)
    main.commit("Deep")
    main.git("rm", "--quiet", "-r", "backend/migrations/versions/2024")
    main.commit("Away")
    for _ in range(2):  # in the reflog, then in history alone
        candidates = found(main, ID)
        assert [one.relative_path for one in candidates] == ["2024/05/x.py"] * recursive
        assert not [one for one in found(main, "cached") if one.origin.kind == "reflog"]
        forget(main)


def test_script_location_moved_since(world: World) -> None:
    """Each commit's own config says where its migrations lie."""
    commit = branch(world)
    main = world.main
    main.git("mv", "backend/migrations", "backend/db")
    main.write(
        "backend/alembic.ini", (main.backend / "alembic.ini").read_text().replace("= migrations", "= db")
    )
    main.commit("Move")
    (one,) = found(main, ID)
    assert (one.origin.commit, one.origin.path, one.content) == (commit, PATH, TEXT)
    other = world.worktree("StoFlow-old", base="develop~1")
    main.revision("cccc3333", "aaaa1111", location="db/versions")
    main.commit("Add cccc3333")
    main.git("checkout", "--quiet", "--detach", "develop~2")
    (one,) = found(other, "cccc3333")
    assert one.origin.path == "backend/db/versions/cccc3333_add_t.py"


def test_project_moved_since(world: World) -> None:
    branch(world)
    main = world.main
    main.git("mv", "backend/alembic.ini", "backend/migrations", ".")
    main.commit("Move")
    (one,) = search(main, folder=main.path).find(ID)
    assert (one.origin.path, one.content) == (PATH, TEXT)


@pytest.mark.parametrize("config", ["", "not an ini\n", "\xff", "[alembic]\nscript_location = /elsewhere\n"])
def test_config_broken_or_missing_there(config: str, world: World) -> None:
    main = world.main
    main.git("checkout", "--quiet", "-b", "feature-A")
    main.revision(ID, "aaaa1111")
    (main.backend / "alembic.ini").write_bytes(config.encode("latin-1"))
    if not config:
        (main.backend / "alembic.ini").unlink()
    main.commit("A broken config")
    main.git("checkout", "--quiet", "develop")
    assert found(main, ID)[0].content == TEXT


def test_sha256(world_root: Path) -> None:
    world = World(world_root, Layout(), World.create(world_root / "unused", "sqlite://").env)
    world = World.create(world_root, "sqlite://")
    shutil.rmtree(world.main.path / ".git")
    world.main.git("init", "--quiet", "--object-format=sha256")
    world.main.commit("Initial project")
    begin(world)
    in_stashed_untracked(world)
    world.main.revision("cccc3333", "aaaa1111")
    world.main.commit("Add cccc3333")
    world.main.git("reset", "--quiet", "--hard", "HEAD~1")
    assert kinds(found(world.main, ID)) == ["stash"]
    assert kinds(found(world.main, "cccc3333")) == ["reflog"]
    assert len(found(world.main, ID)[0].origin.commit or "") == 64


NAMES = [
    "a b.py",
    "é.py",
    'say "hi".py',
    "it's.py",
    "tab\t.py",
    "back\\slash.py",
    "$HOME.py",
    "*.py",
    ":x.py",
    "-rf.py",
    "x\udcff.py",
]


def test_names_of_every_kind(world: World) -> None:
    main = world.main
    main.revision("line", "aaaa1111", file="new\nline.py")  # which Alembic passes over
    for number, name in enumerate(NAMES):
        main.revision(f"name{number}", "aaaa1111", file=name)
    main.commit("Add names")
    main.git("rm", "--quiet", "-r", "backend/migrations/versions")
    main.commit("Away")
    for kind in ("reflog", "history"):
        for number, name in enumerate(NAMES):
            (one,) = search(main).find(f"name{number}")
            assert (one.origin.kind, one.relative_path) == (kind, name)
            assert one.content == revision_text(f"name{number}", "aaaa1111").encode()
        assert not search(main).find("line")
        forget(main)


def test_what_is_no_plain_file(world: World) -> None:
    """Links, submodules, folders and files of many megabytes are passed over."""
    main = world.main
    main.git("checkout", "--quiet", "-b", "feature-A")
    main.revision(ID, "aaaa1111")
    main.revision("folder", "aaaa1111", file="dir.py/inner.py")
    (main.versions / "link.py").symlink_to("../../../elsewhere.py")
    main.write("elsewhere.py", revision_text("linked", None))
    main.revision("huge", "aaaa1111", body=BIG)
    commit = main.head()
    main.git("add", "--all")
    main.git("update-index", "--add", "--cacheinfo", f"160000,{commit},backend/migrations/versions/sub.py")
    main.git("commit", "--quiet", "-m", "Odd things")
    main.git("checkout", "--quiet", "develop")
    shutil.rmtree(main.versions / "sub.py", ignore_errors=True)
    done = main.tool("find", ID, check=True)
    assert done.stdout.endswith(f":{PATH}\n")
    for id in ("huge", "linked", "folder"):
        assert not search(main).find(id)


@pytest.mark.parametrize("filter", ["blob:none", "tree:0"])
def test_partial_clone(filter: str, world: World) -> None:
    """What would have to be fetched is not here; nothing is fetched, and what is here is found."""
    branch(world)
    main = world.main
    main.git("config", "uploadpack.allowFilter", "true")
    main.git("config", "uploadpack.allowAnySHA1InWant", "true")
    url = f"file://{main.path}"
    world.run("git", "clone", "--quiet", f"--filter={filter}", url, world.root / "Partial", check=True)
    clone = type(main)(world, world.root / "Partial")
    main.path.rename(world.root / "gone")
    clone.revision("own", "aaaa1111")
    clone.commit("Add own")
    clone.git("reset", "--quiet", "--hard", "HEAD~1")
    assert kinds(found(clone, "own")) == ["reflog"]
    assert not search(clone).find(ID)  # only its name is known here
    fetching = spy(world, f'case " $* " in *" fetch "*) echo "$*" >> {world.root}/fetched;; esac')
    clone.tool("find", ID, env=fetching)
    assert not (world.root / "fetched").exists()


def test_bare_main_repository_with_worktrees_only(world: World) -> None:
    branch(world)
    bare = world.root / "StoFlow.git"
    world.run("git", "clone", "--quiet", "--bare", world.main.path, bare, check=True)
    world.run("git", "worktree", "add", "--quiet", world.root / "only", "develop", cwd=bare, check=True)
    shutil.rmtree(world.main.path)
    only = type(world.main)(world, world.root / "only")
    assert found(only, ID)[0].origin.name == "feature-A"
    forget(only, "feature-A")
    assert kinds(found(only, ID)) == ["unreachable"]


def test_shallow_clone(world: World) -> None:
    in_history(world)
    branch(world)
    url = f"file://{world.main.path}"
    world.run(
        "git", "clone", "--quiet", "--depth=1", "--no-single-branch", url, world.root / "Shallow", check=True
    )
    clone = type(world.main)(world, world.root / "Shallow")
    shutil.rmtree(world.main.path)
    assert found(clone, ID)[0].origin.name == "origin/feature-A"
    assert not search(clone).find("nowhere")


def test_detached_heads(world: World) -> None:
    """The commit of a worktree whose HEAD is detached is nobody's branch."""
    a = world.worktree("StoFlow-A")
    a.git("checkout", "--quiet", "--detach")
    a.revision(ID, "aaaa1111")
    a.commit(f"Add {ID}")
    (a.versions / FILE).unlink()
    world.main.git("checkout", "--quiet", "--detach")
    assert found(world.main, ID)[0].content == TEXT


def test_no_commit_yet(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://")
    shutil.rmtree(world.main.path / ".git")
    world.main.git("init", "--quiet")
    done = world.main.tool("find", ID)
    assert done.returncode == 1
    assert f"Migration {ID} not found" in done.stderr


def test_locations_outside_the_checkout(world_root: Path) -> None:
    """They are no git's business; what lies inside is found all the same."""
    layout = Layout(version_locations=("../../outside", "migrations/versions"))
    (world_root / "outside").mkdir()
    world = World.create(world_root, "sqlite://", layout=layout)
    main = world.main
    main.revision("aaaa1111", location="migrations/versions")
    main.revision(ID, "aaaa1111", location="migrations/versions")
    main.commit("Add both")
    main.git("reset", "--quiet", "--hard", "HEAD~1")
    assert kinds(found(main, ID)) == ["reflog"]
    forget(main)
    assert kinds(found(main, ID)) == ["unreachable"]


def test_a_config_outside_the_checkout(world: World) -> None:
    branch(world)
    outside = world.root / "shared.ini"
    outside.write_text((world.main.backend / "alembic.ini").read_text())
    assert found(world.main, ID, "../../shared.ini")[0].content == TEXT
    assert found(world.main, ID, str(outside))[0].content == TEXT


def test_version_location_is_the_top_itself(world_root: Path) -> None:
    layout = Layout(backend="", version_locations=(".",))
    main = World.create(world_root, "sqlite://", layout=layout).main
    main.revision(ID, None)
    main.commit(f"Add {ID}")
    main.git("reset", "--quiet", "--hard", "HEAD~1")
    for kind in ("reflog", "unreachable"):
        (one,) = found(main, ID)
        assert (one.origin.kind, one.origin.path) == (kind, FILE)
        forget(main)


# Units


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(
        st.text(st.characters(exclude_characters="\0/", codec="utf-8"), min_size=1, max_size=8).filter(
            lambda name: name.lower() not in {".", "..", ".git"}
        ),
        unique=True,
        max_size=8,
    ),
    wide=st.booleans(),
)
def test_tree_entries_are_what_ls_tree_prints(names: list[str], wide: bool, sandbox: Path) -> None:
    folder = sandbox / f"trees{wide:d}"
    if not folder.exists():
        subprocess.run(
            ["git", "init", "--quiet", f"--object-format={'sha256' if wide else 'sha1'}", folder], check=True
        )

    def run(*words: str, text: bytes = b"") -> bytes:
        return subprocess.run(["git", *words], cwd=folder, input=text, capture_output=True, check=True).stdout

    blob = run("hash-object", "-w", "--stdin", text=b"x").decode().strip()
    empty = run("mktree", text=b"").decode().strip()
    modes = ["100644 blob", "100755 blob", "120000 blob", "040000 tree"]
    rows = [
        f"{modes[number % 4]} {empty if number % 4 == 3 else blob}\t{name}\0"
        for number, name in enumerate(names)
    ]
    tree = run("mktree", "-z", text="".join(rows).encode()).decode().strip()
    entries = git.tree_entries(run("cat-file", "tree", tree), 32 if wide else 20)
    listed = run("ls-tree", "-z", tree).decode()
    printed = [
        f"{entry.mode:>06} {'tree' if entry.is_folder else 'blob'} {entry.oid}\t{entry.name}\0"
        for entry in entries
    ]
    assert "".join(printed) == listed
    assert sum(entry.is_file for entry in entries) == sum(row.startswith("100") for row in rows)


# A history that is too long


def slowly(world: World, *words: str) -> CompletedProcess[str]:
    """Run our command where git is not done with `log` and `fsck` in the time that they get."""
    tools = world.root / "tools"
    tools.mkdir(exist_ok=True)
    real = shlex.quote(shutil.which("git") or "")
    case = f'case " $* " in *" log "*|*" fsck "*) {real} "$@"; exec sleep 600; esac'
    (tools / "git").write_text(f'#!/bin/sh\n{case}\nexec {real} "$@"\n')
    (tools / "git").chmod(0o755)
    code = "import sys; from alembic_worktrees.cli import main as cli; from alembic_worktrees.search import search"
    code += "; search.THOROUGH = search.Search.__init__.__kwdefaults__['timeout'] = 0.5"
    run = f"{code}; sys.exit(cli.run({list(words)}))"
    path = f"{tools}{os.pathsep}{world.env['PATH']}"
    return world.run(sys.executable, "-c", run, cwd=world.main.backend, env={"PATH": path})


def test_what_takes_too_long_is_cut_short_and_said(world_root: Path, database: Database) -> None:
    world = World.create(world_root, database.url)
    main = world.main
    main.applied("aaaa1111")
    gone = main.revision("bbbb2222", "aaaa1111")
    main.commit("Add bbbb2222")
    gone.unlink()
    main.commit("Remove it")
    words = "git took too long, so not all of its history was searched"
    assert "bbbb2222" in slowly(world, "find", "bbbb2222").stdout  # git had told of it before
    database.set_heads("nowhere")
    for command in ("status", "copy", "find nowhere"):
        assert words in slowly(world, *command.split()).stderr, command
    main.revision("cccc3333", "nowhere")
    main.git("add", "--all")
    checked = slowly(world, "check", "--staged").stdout
    assert f"follows nowhere, which was not found; {words}" in checked
    assert "alembic-worktrees find nowhere" in checked
