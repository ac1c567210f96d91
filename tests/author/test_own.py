"""What belongs to this branch: `adopt` makes borrowed migrations its own, `merge` joins its own heads."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from worlds.world import Checkout, World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worlds.postgres import Database

FOLDER = "backend/migrations/versions"


@pytest.fixture
def b(world: World, database: Database) -> Checkout:
    """A worktree that has borrowed x1, x2, x3 (a chain on aaaa1111) and y1, all from feature-A."""
    main = world.main
    main.revision("aaaa1111")
    main.commit("Add aaaa1111")
    a, b = world.worktree("StoFlow-A", "feature-A"), world.worktree("StoFlow-B", "feature-B")
    for id, parent in {"x1": "aaaa1111", "x2": "x1", "x3": "x2", "y1": "aaaa1111"}.items():
        a.revision(id, parent)
    database.set_heads("x3", "y1")
    b.tool("copy", check=True)
    return b


def path(id: str) -> str:
    return f"{FOLDER}/{id}_add_t.py"


def staged(checkout: Checkout) -> set[str]:
    return set(checkout.git("diff", "--cached", "--name-only").split())


def borrowed(checkout: Checkout) -> set[str]:
    listed = checkout.git("ls-files", "--others", "--ignored", "--exclude-standard", "--", FOLDER)
    return {line for line in listed.split() if line.endswith(".py")}


@pytest.mark.parametrize("words", [("revision", "-m", "mine"), ("merge", "-m", "join")])
def test_a_copy_without_its_parent(words: tuple[str, ...], b: Checkout) -> None:
    """As after the checkout of an older commit: what is to be done is said, and can be pasted."""
    for id in ("mine1", "mine2") if words[0] == "merge" else ():
        b.revision(id, "aaaa1111")
    (b.versions / "x1_add_t.py").unlink()
    done = b.tool(*words)
    assert done.returncode == 1
    said = done.stderr.splitlines()[-1]
    assert said == "x2 needs x1, which is not here. Bring it: alembic-worktrees upgrade"
    b.tool("copy", check=True)
    b.tool(*words, check=True)


# adopt


def test_adopt_takes_what_it_needs_and_no_more(b: Checkout, database: Database) -> None:
    before = {file.name: file.read_bytes() for file in b.versions.glob("*.py")}
    done = b.tool("adopt", "x2", check=True)
    assert done.stdout == ""
    told = [line.split(",")[0] for line in done.stderr.splitlines() if "now this branch's own" in line]
    assert told == ["x1", "x2"]  # parents first
    assert staged(b) == {path("x1"), path("x2")}
    assert borrowed(b) == {path("x3"), path("y1")}
    b.git("commit", "--quiet", "-m", "Adopt")
    assert b.git_status() == ""
    assert set(b.git("show", "--format=", "--name-only", "HEAD").split()) == {path("x1"), path("x2")}
    assert {file.name: file.read_bytes() for file in b.versions.glob("*.py")} == before
    record = (b.versions / ".gitignore").read_text()
    again = b.tool("upgrade", check=True)
    assert "orrowed" not in again.stderr.replace("(borrowed from StoFlow-A)", "")
    assert (b.versions / ".gitignore").read_text() == record
    b.tool("adopt", "y1", "x3", check=True)
    assert borrowed(b) == set()
    assert not (b.versions / ".gitignore").exists()
    assert b.git_status() == f"A  {path('x3')}\nA  {path('y1')}\n"


@pytest.mark.parametrize("folder", ["", "backend", "backend/migrations/versions", "frontend/src", ".."])
def test_adopt_from_any_folder(folder: str, b: Checkout) -> None:
    (b.path / "frontend/src").mkdir(parents=True)
    if folder == "..":
        done = b.tool("adopt", "y1", cwd=b.path.parent)
        assert done.returncode == 1
        assert staged(b) == set()
    else:
        b.tool("adopt", "y1", cwd=b.path / folder, check=True)
        assert staged(b) == {path("y1")}


def test_adopt_what_was_edited_here(b: Checkout) -> None:
    file = b.path / path("x2")
    file.write_text(file.read_text() + "# mine\n")
    b.tool("adopt", "x3", check=True)
    assert staged(b) == {path("x1"), path("x2"), path("x3")}
    assert b.git("show", f":{path('x2')}").endswith("# mine\n")
    assert "edited here" not in b.tool("upgrade", check=True).stderr


def test_adopt_what_another_one_depends_on(b: Checkout, world: World, database: Database) -> None:
    a = Checkout(world, world.root / "StoFlow-A")
    a.revision("support", None, labels="payments")
    a.revision("user", "aaaa1111", depends_on="payments")
    database.set_heads("user", "x3", "y1")
    b.tool("copy", check=True)
    b.tool("adopt", "user", check=True)
    assert staged(b) == {path("support"), path("user")}


def test_adopt_refuses_what_is_not_borrowed(b: Checkout) -> None:
    before = b.git_status(), (b.versions / ".gitignore").read_text()
    for words, told in {
        ("x1", "aaaa1111"): "aaaa1111 is not borrowed here; it is this checkout's own already: ",
        ("nowhere",): "nowhere is not borrowed here, so it cannot be adopted",
        ("y",): "y is not borrowed here",  # ids are never shortened
        ("y1", "nowhere"): "\n  x1\n  x2\n  x3\n  y1\n",
    }.items():
        done = b.tool("adopt", *words)
        assert done.returncode == 1
        assert told in done.stderr
        assert (b.git_status(), (b.versions / ".gitignore").read_text()) == before
    assert b.tool("adopt").returncode == 2


def test_adopted_twice(b: Checkout) -> None:
    b.tool("adopt", "y1", "y1", check=True)
    done = b.tool("adopt", "y1")
    assert done.returncode == 1
    assert "this checkout's own already" in done.stderr


def test_adopt_that_was_killed_before_it_struck_the_record(b: Checkout) -> None:
    record = b.versions / ".gitignore"
    before = record.read_text()
    b.tool("adopt", "y1", check=True)
    after = record.read_text()
    record.write_text(before)
    b.tool("adopt", "y1", check=True)
    assert record.read_text() == after


def test_adopt_leaves_the_rest_of_the_index_alone(b: Checkout) -> None:
    b.write("mine.txt", "staged\n")
    b.git("add", "mine.txt")
    b.write("mine.txt", "not staged\n")
    b.write("untracked.txt", "")
    b.tool("adopt", "y1", check=True)
    assert b.git_status() == f"A  {path('y1')}\nAM mine.txt\n?? untracked.txt\n"


def test_adopt_where_the_record_lies_above(b: Checkout, database: Database) -> None:
    b.tool("adopt", "x3", "y1", check=True)
    b.write(f"{FOLDER}/.gitignore", "*.bak\n")
    b.git("add", "--all")
    b.git("commit", "--quiet", "-m", "Adopt, and ignore backups")
    a = Checkout(b.world, b.world.root / "StoFlow-A")
    a.revision("z1", "x3")
    database.set_heads("z1", "y1")
    b.tool("copy", check=True)
    assert (b.path / "backend/migrations/.gitignore").exists()
    b.tool("adopt", "z1", check=True)
    assert not (b.path / "backend/migrations/.gitignore").exists()
    assert b.git_status() == f"A  {path('z1')}\n"


def test_adopted_and_then_brought_by_git_too(b: Checkout) -> None:
    """The same file on both branches is no conflict."""
    a = Checkout(b.world, b.world.root / "StoFlow-A")
    a.commit("Add them")
    b.tool("adopt", "x3", check=True)
    b.git("commit", "--quiet", "-m", "Adopt")
    b.git("merge", "--quiet", "--no-edit", "feature-A")
    b.tool("upgrade", check=True)
    assert borrowed(b) == set()
    assert b.git_status() == ""


# merge


def read(file: str) -> str:
    return Path(file).read_text(encoding="utf-8")


def parents(file: str) -> tuple[str, ...]:
    """The down_revision of a migration file."""
    for statement in ast.parse(read(file)).body:
        target = getattr(statement, "target", None) or (getattr(statement, "targets", None) or [None])[0]
        if getattr(target, "id", "") == "down_revision" and isinstance(statement, ast.Assign | ast.AnnAssign):
            assert statement.value
            return tuple(ast.literal_eval(statement.value))
    raise AssertionError(file)


def diverge(checkout: Checkout, ids: Sequence[str] = ("own1", "own2")) -> None:
    for id in ids:
        checkout.revision(id, "aaaa1111")
    checkout.commit("Diverge")


def test_merge_joins_own_heads_alone(b: Checkout, database: Database) -> None:
    diverge(b)
    done = b.tool("merge", "-m", "join é 'them'", check=True)
    (file,) = done.stdout.splitlines()
    assert sorted(parents(file)) == ["own1", "own2"]
    assert "Left out, because they belong to other checkouts: x3 (borrowed from StoFlow-A), y1" in done.stderr
    assert "Merged own1, own2" in done.stderr
    assert "join é 'them'" in read(file)
    b.commit("Join")
    b.tool("upgrade", check=True)
    assert "x3" in (heads := database.heads())
    assert "y1" in heads
    assert len(heads) == 3
    assert len(b.alembic("heads", check=True).stdout.splitlines()) == 3
    again = b.tool("merge", check=True)
    assert "Nothing to merge: this branch has 1 head of its own" in again.stderr
    assert again.stdout == ""
    assert b.git_status() == ""


@pytest.mark.parametrize("folder", ["", "backend", "backend/migrations/versions", "frontend"])
def test_merge_from_any_folder(folder: str, b: Checkout) -> None:
    (b.path / "frontend").mkdir()
    diverge(b, ("own1", "own2", "own3"))
    done = b.tool("merge", cwd=b.path / folder, check=True)
    (file,) = done.stdout.splitlines()
    assert sorted(parents(file)) == ["own1", "own2", "own3"]
    assert "merge heads" in read(file)
    assert file.startswith(str(b.versions))


def test_merge_where_a_borrowed_one_follows_an_own_head(world: World, database: Database) -> None:
    """`alembic merge` itself would refuse: own1 is no head for it."""
    main = world.main
    main.revision("aaaa1111")
    diverge(main)
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    a.revision("child", "own1")
    database.set_heads("child", "own2")
    b.tool("copy", check=True)
    assert b.alembic("merge", "-m", "x", "own1", "own2").returncode != 0
    done = b.tool("merge", check=True)
    (file,) = done.stdout.splitlines()
    assert sorted(parents(file)) == ["own1", "own2"]
    assert "child (borrowed from StoFlow-A)" in done.stderr
    b.commit("Join")
    b.tool("upgrade", check=True)
    b.alembic("upgrade", "heads", check=True)
    assert "child" in database.heads()
    assert b.tool("merge", check=True).stdout == ""


def test_merge_passes_over_what_is_edited(b: Checkout) -> None:
    diverge(b, ("own1",))
    file = b.path / path("y1")
    file.write_text(file.read_text() + "# mine\n")
    done = b.tool("merge", check=True)
    assert done.stdout == ""
    assert "y1 (borrowed from StoFlow-A)" in done.stderr


def test_merge_after_adopt(b: Checkout) -> None:
    diverge(b, ("own1",))
    b.tool("adopt", "y1", check=True)
    (file,) = b.tool("merge", check=True).stdout.splitlines()
    assert sorted(parents(file)) == ["own1", "y1"]


def test_merge_keeps_families_apart(world: World) -> None:
    """Branches with bases of their own were never one; each family that has diverged is joined by itself."""
    main = world.main
    main.revision("aaaa1111")
    main.revision("bbbb2222", None, labels="other")
    main.revision("lonely", None, labels="alone")
    for id, parent in {"a1": "aaaa1111", "a2": "aaaa1111", "b1": "bbbb2222", "b2": "bbbb2222"}.items():
        main.revision(id, parent)
    files = main.tool("merge", check=True).stdout.splitlines()
    assert sorted(sorted(parents(file)) for file in files) == [["a1", "a2"], ["b1", "b2"]]
    assert len(main.alembic("heads", check=True).stdout.splitlines()) == 3
    main.alembic("upgrade", "heads", check=True)


def test_merge_joins_what_is_depended_on_too(world: World) -> None:
    """`alembic upgrade head` refuses the two, so `check` calls them diverged, and this is its cure."""
    main = world.main
    main.revision("aaaa1111")
    main.revision("own1", "aaaa1111")
    main.revision("own2", "aaaa1111", depends_on="own1")
    assert "diverged-heads" in main.tool("check").stdout
    (file,) = main.tool("merge", check=True).stdout.splitlines()
    assert sorted(parents(file)) == ["own1", "own2"]
    assert main.tool("check").stdout == ""
    main.alembic("upgrade", "head", check=True)


def test_merge_of_nothing(world: World) -> None:
    done = world.main.tool("merge", check=True)
    assert (done.stdout, done.returncode) == ("", 0)
    assert "Nothing to merge: this branch has 0 heads" in done.stderr


def test_merge_that_alembic_cannot_write(world: World) -> None:
    main = world.main
    main.revision("aaaa1111")
    diverge(main)
    (main.backend / "migrations/script.py.mako").write_text("${broken")
    before = sorted(main.versions.iterdir())
    done = main.tool("merge")
    assert done.returncode == 1
    assert "Alembic could not merge own1, own2" in done.stderr
    assert sorted(file for file in main.versions.iterdir() if file.suffix == ".py") == [
        file for file in before if file.suffix == ".py"
    ]


# Outside git


@pytest.fixture
def outside(world: World) -> Checkout:
    """A folder that git knows nothing of."""
    world.main.revision("aaaa1111")
    shutil.rmtree(world.main.path / ".git")
    return world.main


def test_merge_outside_git(outside: Checkout) -> None:
    outside.revision("own1", "aaaa1111")
    outside.revision("own2", "aaaa1111")
    (file,) = outside.tool("merge", check=True).stdout.splitlines()
    assert sorted(parents(file)) == ["own1", "own2"]


def test_adopt_outside_git(outside: Checkout) -> None:
    """Nothing is recorded there, so whatever lies there is own."""
    done = outside.tool("adopt", "aaaa1111")
    assert done.returncode == 1
    assert "this checkout's own already" in done.stderr


@pytest.mark.parametrize("git", ["unused", "missing"])
def test_all_that_needs_no_git_works(git: str, outside: Checkout, world: World, database: Database) -> None:
    """Two plain folders beside each other, also on a machine without git."""
    other = Checkout(world, world.root / "StoFlow-copy")
    shutil.copytree(outside.path, other.path)
    outside.revision("bbbb2222", "aaaa1111")
    outside.alembic("upgrade", "heads", check=True)
    env = {}
    if git == "missing":
        programs = world.root / "programs"
        programs.mkdir()
        env["PATH"] = str(programs)
    listed = other.tool("list", env=env, check=True)
    assert listed.stdout.splitlines()[0] == "StoFlow (2 migrations)"
    found = other.tool("find", "bbbb2222", env=env, check=True)
    assert found.stdout == f"{outside.versions}/bbbb2222_add_t.py\n"
    assert other.tool("find", "nowhere", env=env).returncode == 1
    assert "bbbb2222" in other.tool("copy", "--dry-run", env=env, check=True).stdout
    other.tool("upgrade", env=env, check=True)
    assert (other.versions / "bbbb2222_add_t.py").exists()
    assert not (other.versions / ".gitignore").exists()
    assert "Nothing to merge" in other.tool("merge", env=env, check=True).stderr
    assert database.heads() == {"bbbb2222"}
