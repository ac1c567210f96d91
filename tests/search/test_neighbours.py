"""Where migrations are looked for: every checkout wherever it lies, also where neighbours are broken or hostile."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from worlds.world import Checkout, Layout, World, revision_text

if TYPE_CHECKING:
    from worlds.postgres import Database


def add_worktree(world: World, path: Path, *options: str) -> Checkout:
    """A linked worktree anywhere."""
    world.main.git("worktree", "add", "--quiet", "--detach", *options, path)
    return Checkout(world, path)


def looked_at(checkout: Checkout) -> list[str]:
    """The names of all checkouts that `list` finds from here."""
    document = json.loads(checkout.tool("list", "--json", check=True).stdout)
    return [one["name"] for one in document["checkouts"]]


@pytest.fixture
def b(world: World) -> Checkout:
    """The checkout that borrows."""
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    return world.worktree("StoFlow-feature-B")


# Wherever they lie


ODD_NAMES = [
    "space dir",
    "é",
    "$x",
    "it's",
    'say "hi"',
    "new\nline",
    "a;b",
    "-dash",
    "*",
    "tab\there",
    " lead",
]


def test_worktrees_anywhere_and_with_any_name(world: World, database: Database, b: Checkout) -> None:
    places = [
        world.main.path / ".worktrees" / "nested",
        world.main.path / "backend" / "deep" / "inside",
        b.path / "in-another",
        world.root / "elsewhere" / "far" / "away",
        *(world.root / "odd" / name for name in ODD_NAMES),
    ]
    expected = {}
    for number, place in enumerate(places):
        checkout = add_worktree(world, place)
        path = checkout.revision(f"rev{number:02}", "aaaa1111")
        expected[path.name] = path.read_bytes()
    database.set_heads(*(f"rev{number:02}" for number in range(len(places))))
    b.tool("upgrade", check=True)
    found = {path.name: path.read_bytes() for path in b.versions.glob("rev*.py")}
    assert found == expected
    before = b.git_status()
    again = b.tool("upgrade", check=True)  # the record, with all these names in it, can be read again
    assert "Borrowed" not in again.stderr
    assert b.git_status() == before == "?? in-another/\n"


def test_a_name_that_is_not_utf_8(world: World, database: Database, b: Checkout) -> None:
    a = add_worktree(world, Path(os.fsdecode(os.fsencode(world.root) + b"/caf\xe9")))
    a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    for _ in range(2):
        b.tool("upgrade", check=True)
        assert b.git_status() == ""


@pytest.mark.parametrize("name", ["nested", "space dir", "$x", "é", "it's"])
def test_from_a_checkout_anywhere(name: str, world: World, database: Database, b: Checkout) -> None:
    here = add_worktree(world, world.main.path / ".worktrees" / name)
    b.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    here.tool("upgrade", cwd=here.path, check=True)
    assert (here.versions / "bbbb2222_add_t.py").is_file()
    assert here.git_status() == ""
    assert not (world.main.versions / "bbbb2222_add_t.py").exists()


def test_through_a_link_to_the_checkout(world: World, database: Database, b: Checkout) -> None:
    a = world.worktree("StoFlow-feature-A")
    a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    (world.root / "current").symlink_to(b.path)
    b.tool("upgrade", cwd=world.root / "current" / "backend", check=True)
    assert (b.versions / "bbbb2222_add_t.py").is_file()
    assert b.git_status() == ""


def test_worktrees_of_a_bare_repository(world: World, database: Database, b: Checkout) -> None:
    world.main.git("clone", "--quiet", "--bare", world.main.path, world.root / "proj" / ".bare")
    bare = Checkout(world, world.root / "proj" / ".bare")
    for name in ("one", "two"):
        bare.git("worktree", "add", "--quiet", "--detach", world.root / "proj" / name)
    one, two = (Checkout(world, world.root / "proj" / name) for name in ("one", "two"))
    one.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    two.tool("upgrade", check=True)
    assert (two.versions / "bbbb2222_add_t.py").is_file()
    assert two.git_status() == ""
    assert looked_at(two) == ["one", "two"]


def test_checkouts_of_the_same_name(world: World, database: Database, b: Checkout) -> None:
    """Some tools put every worktree in a folder of its own: ~/.codex/worktrees/1234/StoFlow."""
    first = add_worktree(world, world.root / "wt" / "1111" / "StoFlow")
    second = add_worktree(world, world.root / "wt" / "2222" / "StoFlow")
    assert set(looked_at(b)) == {"StoFlow", b.name, "1111/StoFlow", "2222/StoFlow"}
    first.revision("bbbb2222", "aaaa1111")
    second.revision("bbbb2222", "aaaa1111", table="other")
    database.set_heads("bbbb2222")
    assert "--from 2222/StoFlow" in b.tool("copy", "-v", check=True).stderr
    b.tool("upgrade", "--from", "2222/StoFlow", check=True)
    copy = b.versions / "bbbb2222_add_t.py"
    assert copy.read_bytes() == (second.versions / copy.name).read_bytes()


def test_clones_beside_main_and_main_from_a_clone(world: World, database: Database, b: Checkout) -> None:
    clone, other = world.clone("StoFlow-clone"), world.clone("StoFlow-other-clone")
    world.clone("Unrelated")
    clone.revision("from_clone", "aaaa1111")
    b.revision("from_b", "aaaa1111")
    world.main.revision("from_main", "aaaa1111")
    database.set_heads("from_clone", "from_b", "from_main")
    names = {"StoFlow", "StoFlow-clone", "StoFlow-feature-B", "StoFlow-other-clone"}
    for checkout in (b, clone, other, world.main):
        assert set(looked_at(checkout)) == names
        checkout.tool("upgrade", check=True)
        assert len(list(checkout.versions.glob("from_*.py"))) == 3
    assert other.git_status() == ""
    assert clone.git_status().splitlines() == ["?? backend/migrations/versions/from_clone_add_t.py"]


def numbered(checkout: Checkout, *numbers: int, project: str) -> None:
    """The migrations 0001, 0002, … of a project that counts them, as many do."""
    for number in numbers:
        down = f"{number - 1:04}" if number > 1 else None
        checkout.revision(f"{number:04}", down, file=f"{number:04}.py", table=f"{project}_{number}")


def test_nothing_is_taken_from_strangers(world_root: Path, database: Database) -> None:
    """`shop-admin` is called as a clone of `shop` would be, has the same ids, and is another project."""
    world = World.create(world_root, database.url, layout=Layout(name="shop"))
    other = Layout(name="shop-admin", version_table="admin_version")  # or the first commits were the same
    admin = World.create(world_root / "elsewhere", database.url, layout=other).main
    admin.path.rename(world.root / admin.name)
    admin = Checkout(world, world.root / admin.name)
    numbered(world.main, 1, project="shop")
    world.main.commit("Begin")
    feature, b = world.worktree("shop-feature"), world.worktree("shop-b")
    numbered(admin, 1, 2, 3, project="admin")
    admin.commit("Begin")
    b.revision("0003", "0002", file="0003.py")
    database.set_heads("0002")
    assert b.tool("upgrade").returncode == 1
    assert looked_at(b) == ["shop", "shop-b", "shop-feature"]
    told = b.tool("list", "-v", check=True).stderr
    assert "Skipped ~/shop-admin: another project" in told
    assert "shop-admin" not in b.tool("list", check=True).stderr
    numbered(feature, 2, project="shop")
    b.tool("upgrade", "--on-borrowed", check=True)
    assert (b.versions / "0002.py").read_bytes() == (feature.versions / "0002.py").read_bytes()
    b.write("pyproject.toml", "[tool.alembic-worktrees]\nsearch = '../shop-admin'\n")
    assert looked_at(b) == ["shop", "shop-b", "shop-feature"]


KIN = {
    "a clone that has moved on": ("--no-tags",),
    "a shallow clone": ("--depth", "1"),
    "a folder without git": (),
}


@pytest.mark.parametrize("kind", KIN)
def test_kin_that_has_no_commit_of_ours_at_its_tips(
    kind: str, world: World, database: Database, b: Checkout
) -> None:
    world.main.git("commit", "--allow-empty", "-m", "More than a root")
    place = world.root / "StoFlow-clone"
    world.main.git("clone", "--quiet", *KIN[kind], f"file://{world.main.path}", place)
    clone = Checkout(world, place)
    clone.git("remote", "remove", "origin")
    clone.git("commit", "--allow-empty", "-m", "Further")
    world.main.git("commit", "--allow-empty", "-m", "Further, elsewhere")
    if "moved" in kind:  # by the root alone
        base = clone.versions / "aaaa1111_add_t.py"
        base.write_text(base.read_text() + "# mended\n")
    if "git" in kind:
        shutil.rmtree(clone.path / ".git")
    clone.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    assert (b.versions / "bbbb2222_add_t.py").is_file()


def test_a_submodule_looks_around_its_superproject(world_root: Path, database: Database) -> None:
    """Each worktree and clone of the whole has a backend of its own, with its own repository."""
    world = World.create(world_root, database.url, layout=Layout(backend="", name="api"))
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    world.main.git("config", "--global", "protocol.file.allow", "always")
    whole = Checkout(world, world.root / "Whole")
    world.main.git("init", "--quiet", whole.path)
    whole.git("submodule", "--quiet", "add", world.main.path, "backend")
    whole.commit("Begin")
    whole.git("worktree", "add", "--quiet", world.root / "linked")
    whole.git("clone", "--quiet", ".", world.root / "Whole-clone")
    backends = []
    for number, name in enumerate(("Whole", "linked", "Whole-clone")):
        Checkout(world, world.root / name).git("submodule", "--quiet", "update", "--init")
        backends.append(Checkout(world, world.root / name / "backend"))
        backends[number].revision(f"rev{number}", "aaaa1111")
    database.set_heads("rev0", "rev1", "rev2")
    for backend in backends:
        backend.tool("upgrade", check=True)
        assert len(list(backend.versions.glob("rev*.py"))) == 3
        assert len(backend.git_status().splitlines()) == 1


def test_a_worktree_goes_before_a_clone(world: World, database: Database, b: Checkout) -> None:
    """Also where the worktree has not committed its file, and the clone has."""
    clone, a = world.clone("StoFlow-0"), world.worktree("StoFlow-feature-A")
    clone.revision("bbbb2222", "aaaa1111", table="elsewhere")
    clone.commit("Add bbbb2222")
    original = a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    assert (b.versions / original.name).read_bytes() == original.read_bytes()


def test_a_folder_beside_main_that_is_no_checkout(world: World, database: Database, b: Checkout) -> None:
    (world.root / "StoFlow-notes").mkdir()
    (world.root / "StoFlow-file").write_text("")
    (world.root / "StoFlow-link").symlink_to(b.path)
    (world.root / "StoFlow-gone").symlink_to("nowhere")
    (world.root / "StoFlow-loop").symlink_to("StoFlow-loop")
    assert looked_at(b) == ["StoFlow", b.name]


@pytest.mark.parametrize(
    "pattern", ["~/places/*", "../places/*/", "{root}/pl*es/[s-t]econd", "~/places/second"]
)
def test_the_search_setting(pattern: str, world: World, database: Database, b: Checkout) -> None:
    (world.root / "places").mkdir()
    clone = world.clone("places/second")
    (world.root / "places" / "empty").mkdir()
    clone.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    assert b.tool("upgrade").returncode == 1
    search = json.dumps(pattern.format(root=world.root))
    b.write("pyproject.toml", f"[tool.alembic-worktrees]\nsearch = [{search}, '~/nobody/*']\n")
    b.tool("upgrade", check=True)
    assert (b.versions / "bbbb2222_add_t.py").is_file()


def test_a_worktree_whose_folder_is_gone(world: World, database: Database, b: Checkout) -> None:
    a, gone = world.worktree("StoFlow-feature-A"), world.worktree("StoFlow-gone")
    shutil.rmtree(gone.path)
    a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    assert looked_at(b) == ["StoFlow", a.name, b.name]


def test_a_neighbour_whose_branch_has_no_project(world: World, database: Database, b: Checkout) -> None:
    docs = world.worktree("StoFlow-docs")
    docs.git("rm", "-rq", "backend")
    docs.commit("Only words")
    a = world.worktree("StoFlow-feature-A")
    a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    assert (b.versions / "bbbb2222_add_t.py").is_file()
    database.set_heads("nowhere")
    assert f"{docs.name} (no Alembic project)" in b.tool("upgrade").stderr


# Looking is only looking


MARKER = "import pathlib\npathlib.Path({!r}).write_text('ran')\n"


def test_looking_never_runs_a_migration(world: World, database: Database, b: Checkout) -> None:
    a = world.worktree("StoFlow-feature-A")
    ran = world.root / "ran"
    bomb = MARKER.format(str(ran))
    for name in ("env.py", "versions/__init__.py", "versions/helper.py", "../sitecustomize.py"):
        a.write(f"backend/migrations/{name}", bomb)
    for id in ("unapplied", "bbbb2222"):
        path = a.revision(id, "aaaa1111")
        path.write_text(bomb + path.read_text() + bomb)
    database.set_heads("bbbb2222")
    for words in (["copy", "--dry-run"], ["list", "--json"], ["list"], ["find", "bbbb2222"], ["copy"]):
        b.tool(*words, check=True)
        assert not ran.exists(), words
    b.alembic("heads", check=True)  # Alembic itself does run what it loads
    assert ran.exists()


def hostile(versions: Path, outside: Path) -> dict[str, str]:
    """Put into `versions` what must be skipped; each name with why."""
    outside.write_text(revision_text("bbbb2222"))
    (versions / "syntax.py").write_text("revision = 'bbbb2222'\ndown_revision = (\n")
    (versions / "conflict.py").write_text("<<<<<<< HEAD\nrevision = 'bbbb2222'\n")
    (versions / "binary.py").write_bytes(bytes(range(256)) * 10)
    (versions / "nul.py").write_bytes(b"revision = 'bbbb2222'\0\ndown_revision = None\n")
    (versions / "latin.py").write_bytes(
        "'é'\nrevision = 'bbbb2222'\ndown_revision = None\n".encode("latin-1")
    )
    (versions / "empty.py").write_text("")
    (versions / "helper.py").write_text("def helper(): ...\n")
    (versions / "half.py").write_text("revision = 'bbbb2222'\n")
    (versions / "computed.py").write_text("revision = 'bbbb' + str(2222)\ndown_revision = None\n")
    (versions / "number.py").write_text("revision = 2222\ndown_revision = None\n")
    (versions / "nested.py").write_text("revision = " + "(" * 5000 + "\n")
    with (versions / "huge.py").open("wb") as file:
        file.truncate(3 * 1024**3)
    (versions / "folder.py").mkdir()
    (versions / "folder.py" / "inner.py").write_text(revision_text("bbbb2222"))
    (versions / "dangling.py").symlink_to("nowhere.py")
    (versions / "loop.py").symlink_to("loop.py")
    (versions / "outside.py").symlink_to(outside)
    (versions / "to_folder.py").symlink_to(versions / "folder.py")
    (versions / "device.py").symlink_to("/dev/zero")
    os.mkfifo(versions / "fifo.py")
    return {
        "syntax.py": "syntax error",
        "conflict.py": "syntax error",
        "binary.py": "syntax error",
        "nul.py": "syntax error",
        "latin.py": "syntax error",
        "empty.py": "no revision in it",
        "helper.py": "no revision in it",
        "half.py": "no down_revision in it",
        "computed.py": "its revision is computed",
        "number.py": "its revision is not a string",
        "nested.py": "syntax error",
        "huge.py": "too large",
        "dangling.py": "the link leads nowhere",
        "loop.py": "",
        "outside.py": "a link that leads out",
        "to_folder.py": "not a plain file",
        "device.py": "a link that leads out",
        "fifo.py": "not a plain file",
    }


def test_broken_and_hostile_files_are_skipped(world: World, database: Database, b: Checkout) -> None:
    a, c = world.worktree("StoFlow-feature-A"), world.worktree("StoFlow-feature-C")
    reasons = hostile(a.versions, world.root / "outside.py")
    database.set_heads("bbbb2222")
    missing = b.tool("upgrade", "-v")
    assert missing.returncode == 1
    assert "bbbb2222 not found" in missing.stderr
    original = c.revision("bbbb2222", "aaaa1111", file="ok.py")
    done = b.tool("upgrade", "-v", check=True)
    for name, reason in reasons.items():
        place = f"Skipped ~/{a.name}/backend/migrations/versions/{name}: "
        assert place + reason in done.stderr
    assert done.stderr.count("Skipped") == len(reasons)
    assert (b.versions / "ok.py").read_bytes() == original.read_bytes()
    assert b.git_status() == ""
    assert "Skipped" not in b.tool("upgrade", check=True).stderr  # without -v
    (original.parent / "ok.py").unlink()
    french = b.tool("list", "-v", "--json", env={"LC_ALL": "fr_FR.UTF-8"}, check=True).stderr
    assert french.count("Ignoré") == len(reasons)


@pytest.mark.parametrize("command", [("upgrade",), ("copy",), ("find", "bbbb2222")])
def test_a_broken_file_that_may_be_the_missing_one_is_named(
    world: World, database: Database, b: Checkout, command: tuple[str, ...]
) -> None:
    a = world.worktree("StoFlow-feature-A")
    original = a.revision("bbbb2222", "aaaa1111", file="ok.py")
    sound = original.read_text()
    original.write_text(f"<<<<<<< HEAD\n{sound}")
    a.revision("cccc3333", "aaaa1111").write_text("revision = (")
    (a.versions / "bbbb2222_lost.py").symlink_to("nowhere.py")
    database.set_heads("bbbb2222")
    place = f"  ~/{a.name}/backend/migrations/versions/"
    assert [line for line in b.tool(*command).stderr.splitlines() if line.startswith(place)] == [
        f"{place}bbbb2222_lost.py: the link leads nowhere",
        f"{place}ok.py: syntax error",
    ]
    original.write_text(sound)
    b.tool(*command, check=True)


def test_a_linked_migration_inside_its_checkout(world: World, database: Database, b: Checkout) -> None:
    a = world.worktree("StoFlow-feature-A")
    real = a.write("backend/shared/real.py", revision_text("bbbb2222", "aaaa1111"))
    (a.versions / "linked.py").symlink_to("../../shared/real.py")
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    copy = b.versions / "linked.py"
    assert not copy.is_symlink()
    assert copy.read_bytes() == real.read_bytes()


CONFIGS = {
    "broken ini": b"script_location = migrations\n",
    "not utf-8": b"[alembic]\nscript_location = \xff\n",
    "no such scripts": b"[alembic]\nscript_location = nowhere\n",
    "interpolation": b"[alembic]\nscript_location = %(nothing)s\n",
    "empty": b"",
}


def test_neighbours_whose_config_is_broken(world: World, database: Database, b: Checkout) -> None:
    for number, content in enumerate(CONFIGS.values()):
        other = world.worktree(f"StoFlow-broken-{number}")
        (other.backend / "alembic.ini").write_bytes(content)
    pipe = world.worktree("StoFlow-pipe")
    (pipe.backend / "alembic.ini").unlink()
    os.mkfifo(pipe.backend / "alembic.ini")
    a = world.worktree("StoFlow-feature-A")
    a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    done = b.tool("upgrade", "-v", check=True)
    for number in range(4):
        assert f"Skipped ~/StoFlow-broken-{number}" in done.stderr
    assert (b.versions / "bbbb2222_add_t.py").is_file()


def test_neighbours_whose_git_is_broken(world: World, database: Database, b: Checkout) -> None:
    """Copies that differ make us ask git, which here has no answer."""
    plain = world.clone("StoFlow-plain")
    shutil.rmtree(plain.path / ".git")
    corrupt = world.clone("StoFlow-corrupt")
    (corrupt.path / ".git" / "config").write_text("[nonsense\n")
    lost = world.worktree("StoFlow-lost")
    lost.write(".git", "gitdir: /nowhere\n")
    a = world.worktree("StoFlow-feature-A")
    for number, checkout in enumerate((plain, corrupt, lost, a)):
        checkout.revision("bbbb2222", "aaaa1111", table=f"t{number}")
    original = a.versions / "bbbb2222_add_t.py"
    a.commit("Add bbbb2222", original)
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    assert (b.versions / original.name).read_bytes() == original.read_bytes()
    plain.revision("cccc3333", "bbbb2222")
    database.set_heads("cccc3333")
    b.tool("upgrade", check=True)
    database.set_heads("nowhere")  # now also all that git remembers is looked through
    done = b.tool("upgrade")
    assert done.returncode == 1
    assert "nowhere not found" in done.stderr


def test_a_copied_checkout_brings_its_record(world: World, database: Database, b: Checkout) -> None:
    """`cp -r` of a checkout without its `.git`: its borrowed copies are no originals."""
    a = world.worktree("StoFlow-feature-A")
    original = a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    b.tool("copy", check=True)
    shutil.copytree(b.path, world.root / "StoFlow-backup", ignore=shutil.ignore_patterns(".git"))
    original.write_text(revision_text("bbbb2222", "aaaa1111", table="other"))
    b.tool("copy", check=True)
    assert (b.versions / original.name).read_bytes() == original.read_bytes()


def test_a_folder_that_may_not_be_read(world_root: Path) -> None:
    world = World.create(world_root, f"sqlite:///{world_root}/shared.db")
    denied, a, b = map(world.worktree, ["StoFlow-denied", "StoFlow-feature-A", "StoFlow-feature-B"])
    file = world.worktree("StoFlow-file")
    a.applied("bbbb2222")
    file.revision("bbbb2222").chmod(0)
    denied.versions.chmod(0)
    # Root may read everything, unless it gives that up.
    humble = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    python = world.run("python", "-c", "import sys; print(sys.executable)", check=True).stdout.strip()
    command = [*humble, python, "-m", "alembic_worktrees", "upgrade", "-v"]
    try:
        done = world.run(*command, cwd=b.backend, check=True)
    finally:
        denied.versions.chmod(0o700)
    assert f"Skipped ~/{denied.name}/backend/migrations/versions: may not be read" in done.stderr
    assert f"~/{file.name}/backend/migrations/versions/bbbb2222_add_t.py: may not be read" in done.stderr
    assert (b.versions / "bbbb2222_add_t.py").is_file()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_folders_of_another_user(world: World, database: Database, b: Checkout) -> None:
    theirs = world.worktree("StoFlow-theirs")
    theirs.revision("bbbb2222", "aaaa1111", body="raise SystemExit('evil')")
    os.chown(theirs.path, 4242, 4242)
    database.set_heads("bbbb2222")
    done = b.tool("upgrade")
    assert done.returncode == 1
    assert f"Skipped ~/{theirs.name}: the folder belongs to another user" in done.stderr
    assert not (b.versions / "bbbb2222_add_t.py").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_root_in_a_container_works_for_the_owner(world: World, database: Database, b: Checkout) -> None:
    """All checkouts are mounted from outside, and git has been told to trust them."""
    a = world.worktree("StoFlow-feature-A")
    a.revision("bbbb2222", "aaaa1111")
    for checkout in (world.main, a, b):
        os.chown(checkout.path, 4242, 4242)
    world.main.git("config", "--global", "--add", "safe.directory", "*")
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    assert (b.versions / "bbbb2222_add_t.py").is_file()


# Our own files


def test_own_files_that_cannot_be_read_are_named(world: World, database: Database, b: Checkout) -> None:
    b.revision("bbbb2222", "aaaa1111").write_text("<<<<<<< HEAD\nrevision = 'bbbb2222'\n")
    database.set_heads("bbbb2222")
    done = b.tool("upgrade")
    assert done.returncode == 1
    assert "bbbb2222_add_t.py: syntax error" in done.stderr
    assert "bbbb2222 not found" in done.stderr
