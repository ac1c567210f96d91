"""Is it complete? Literals, Alembic itself as the judge's judge, and every problem in a true world."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from alembic.script.revision import Revision as AlembicRevision
from alembic.script.revision import RevisionMap
from hypothesis import given, settings
from hypothesis import strategies as st

from alembic_worktrees.check.problems import Found, Problem
from alembic_worktrees.check.rules import compare, judge
from alembic_worktrees.check.snapshot import Broken, Snapshot
from alembic_worktrees.messages import Message, Text
from alembic_worktrees.messages.speaker import Speaker
from alembic_worktrees.migrations.revision import Revision
from alembic_worktrees.project.settings import Settings
from worlds.snapshots import ids, rev, snapshot
from worlds.world import Layout, World, revision_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from worlds.world import Checkout


# Literals


CURE = Message(Text("git add it"))


def nowhere(word: str) -> None:
    return None


def found(how: str) -> Callable[[str], Found]:
    return lambda word: Found(how, "feature", f"v/{word}.py", CURE)


def names(problems: Iterable[Problem]) -> list[tuple[str, str | None, tuple[str, ...]]]:
    return [(problem.id, problem.revision, problem.files) for problem in problems]


LITERALS: dict[str, tuple[Snapshot, list[tuple[str, str | None, tuple[str, ...]]]]] = {
    "nothing": (snapshot(), []),
    "sound": (snapshot(rev("a"), rev("b", "a"), rev("c", "b", depends=["a"])), []),
    "parent": (snapshot(rev("b", "a")), [("parent-missing", "a", ("v/0.py",))]),
    "depends_on": (snapshot(rev("b", depends=["a"])), [("depends-missing", "a", ("v/0.py",))]),
    "both": (
        snapshot(rev("x"), rev("b", "a", "x"), rev("c", "b", depends=["a"])),
        [("parent-missing", "a", ("v/1.py",)), ("depends-missing", "a", ("v/2.py",))],
    ),
    "two children of one": (
        snapshot(rev("b", "a"), rev("c", "a")),
        [("parent-missing", "a", ("v/0.py", "v/1.py")), ("diverged-heads", None, ("v/0.py", "v/1.py"))],
    ),
    "label": (snapshot(rev("a", labels=["main"]), rev("b", "a", depends=["main"])), []),
    "missing label": (snapshot(rev("a", depends=["main"])), [("depends-missing", "main", ("v/0.py",))]),
    "duplicates": (
        snapshot(rev("a"), rev("b", "a"), rev("a"), rev("a")),
        [("duplicate-revision", "a", ("v/0.py", "v/2.py", "v/3.py"))],
    ),
    "cycle": (snapshot(rev("a", "b"), rev("b", "a")), [("cycle", "a", ("v/0.py", "v/1.py"))]),
    "self-loop": (snapshot(rev("a", "a")), [("self-loop", "a", ("v/0.py",))]),
    "labels": (
        snapshot(rev("a", labels=["l"]), rev("b", "a", labels=["l"])),
        [("duplicate-label", "b", ("v/0.py", "v/1.py"))],
    ),
    "label that is an id": (
        snapshot(rev("a"), rev("b", "a", labels=["a"])),
        [("duplicate-label", "b", ("v/1.py", "v/0.py"))],
    ),
    "label that is its own id": (
        snapshot(rev("a", labels=["a"])),
        [("duplicate-label", "a", ("v/0.py",))],
    ),
    "label said twice": (snapshot(rev("a", labels=["l", "l"])), [("duplicate-label", "a", ("v/0.py",))]),
    "illegal": (snapshot(rev("a@b-c")), [("illegal-id", "a@b-c", ("v/0.py",))]),
    "long": (snapshot(rev("q" * 33)), [("id-too-long", "q" * 33, ("v/0.py",))]),
    "long enough": (snapshot(rev("q" * 32)), []),
    "prefix": (snapshot(rev("aa"), rev("aabb", "aa")), [("id-prefix", "aa", ("v/0.py", "v/1.py"))]),
    "short prefix": (snapshot(rev("a"), rev("aa", "a"), rev("aaa", "aa")), []),
    "heads": (
        snapshot(rev("a"), rev("b", "a"), rev("c", "a")),
        [("diverged-heads", None, ("v/1.py", "v/2.py"))],
    ),
    "bases of their own": (snapshot(rev("a"), rev("b", "a"), rev("c")), []),
    "borrowed head": (snapshot(rev("a"), rev("b", "a"), rev("c", "a"), borrowed=["c"]), []),
    "borrowed without its parent": (
        snapshot(rev("a"), rev("c", "b"), borrowed=["c"]),
        [("borrowed-stranded", "b", ("v/1.py",))],
    ),
    "unreadable": (
        snapshot(rev("a"), broken=[Broken("v/x.py", "syntax", "line 1", b"")]),
        [("unreadable", None, ("v/x.py",))],
    ),
    "helper": (
        snapshot(broken=[Broken("v/x.py", "no-revision", "", b"")]),
        [("no-revision", None, ("v/x.py",))],
    ),
}


@pytest.mark.parametrize("case", LITERALS)
def test_problems(case: str) -> None:
    given_, expected = LITERALS[case]
    assert names(judge(given_, nowhere)) == expected


@pytest.mark.parametrize("how", ["borrowed", "unrecorded", "elsewhere"])
def test_a_missing_one_that_is_somewhere(how: str) -> None:
    problems = judge(snapshot(rev("b", "a"), rev("c", "b", depends=["a"])), found(how))
    assert ids(problems) == [f"parent-{how}", f"depends-{how}"]
    assert [problem.hint for problem in problems] == [CURE, CURE]


def test_whereabouts_are_asked_only_for_what_is_missing() -> None:
    asked: list[str] = []
    judge(snapshot(rev("a"), rev("b", "a"), rev("c", "b", "x", depends=["y", "x"])), asked.append)
    assert asked == ["x", "y"]


def test_max_heads() -> None:
    three = snapshot(rev("a"), *(rev(id, "a") for id in "bcd"))
    assert [ids(judge(three, nowhere, Settings(max_heads=count))) for count in (1, 2, 3)] == [
        ["diverged-heads"],
        ["diverged-heads"],
        [],
    ]


UNKNOWN = [
    Broken("v/x.py", "syntax", "", b"revision = 'a'\ndown_revision = 'b'\n("),
    Broken("v/x.py", "too-large", ""),
    Broken("v/x.py", "computed-id", "", b"revision = compute()"),
]


@pytest.mark.parametrize("broken", UNKNOWN, ids=lambda broken: str(broken.reason))
def test_a_broken_file_that_may_be_what_is_missing_is_one_problem(broken: Broken) -> None:
    problems = judge(snapshot(rev("c", "a"), rev("d", "c"), rev("b"), broken=[broken]), nowhere)
    assert ids(problems) == ([] if broken.reason == "computed-id" else ["unreadable"])


@pytest.mark.parametrize("broken", UNKNOWN, ids=lambda broken: str(broken.reason))
def test_a_broken_file_that_may_join_heads_is_one_problem(broken: Broken) -> None:
    problems = judge(snapshot(rev("o"), rev("a", "o"), rev("b", "o"), broken=[broken]), nowhere)
    assert ids(problems) == ([] if broken.reason == "computed-id" else ["unreadable"])


def test_a_broken_file_hides_nothing_that_it_does_not_speak_of() -> None:
    helper = Broken("v/x.py", "no-revision", "", b"import os\n")
    problems = judge(snapshot(rev("b", "zz"), rev("c", "b"), rev("d", "b"), broken=[helper]), nowhere)
    assert ids(problems) == ["no-revision", "parent-missing", "diverged-heads"]


def test_computed_parents_are_no_false_alarm() -> None:
    joined = snapshot(rev("a"), rev("b", "a"), rev("c", "a"), rev("m", opaque=True))
    assert judge(joined, nowhere) == ()
    assert judge(snapshot(rev("a", depends=["label"]), rev("m", opaque=True)), nowhere) == ()


def test_computed_parents_in_the_past_hide_no_diverged_heads() -> None:
    past = snapshot(rev("a"), rev("m", opaque=True), rev("b", "m"), rev("c", "m"))
    assert ids(judge(past, nowhere)) == ["diverged-heads"]


def test_compare() -> None:
    here = snapshot(rev("a"), rev("b", "a"), rev("c", "b"), rev("d", "gone"))
    assert names(compare(["b"], here)) == [("not-applied", "c", ("v/2.py", "v/3.py"))]
    assert names(compare(["c", "x"], here)) == [("applied-missing", "x", ())]
    assert names(compare(["c", "d"], here)) == [("applied-missing", "gone", ())]
    assert compare(["c", "d"], snapshot(rev("a"), rev("b", "a"), rev("c", "b"), rev("d"))) == ()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_problem_has_its_words(language: str) -> None:
    speak = Speaker(language).phrase
    problems = [problem for given_, _ in LITERALS.values() for problem in judge(given_, nowhere)]
    problems += [*judge(LITERALS["parent"][0], found("borrowed")), *compare(["x"], snapshot(rev("a")))]
    for problem in problems:
        said = f"{speak(problem.message)} {speak(problem.hint)}"
        assert "{" not in said
        assert problem.revision is None or problem.revision in said


# Alembic judges the judge

ID = st.sampled_from(["aaaa", "bbbb", "cccc", "dddd"])
WORD = st.one_of(ID, st.sampled_from(["label", "other", "gone"]))


@st.composite
def revisions(draw: st.DrawFn) -> list[Revision]:
    return [
        Revision(
            draw(ID),
            tuple(draw(st.lists(WORD, max_size=2, unique=True))),
            tuple(draw(st.lists(WORD, max_size=1))),
            tuple(draw(st.lists(st.sampled_from(["label", "other", "aaaa"]), max_size=1))),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]


def alembic_accepts(given_: Iterable[Revision]) -> tuple[str, ...] | None:
    """The heads that Alembic finds, None if it fails or warns."""
    try:
        scripts = [_alembic(one) for one in given_]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return tuple(sorted(RevisionMap(lambda: scripts).heads))
    except Exception:
        return None


def _alembic(one: Revision) -> AlembicRevision:
    down, depends = one.down_revisions or None, one.depends_on or None
    return AlembicRevision(one.id, down, dependencies=depends, branch_labels=one.branch_labels or None)


@settings(max_examples=400, deadline=None)
@given(revisions())
def test_alembic_fails_exactly_where_a_problem_is_named(given_: list[Revision]) -> None:
    problems = judge(snapshot(*given_), nowhere, Settings(max_heads=99))
    assert (alembic_accepts(given_) is None) == bool(problems), ids(problems)


@given(revisions())
def test_one_head_is_what_alembic_calls_one(given_: list[Revision]) -> None:
    heads = alembic_accepts(given_)
    if heads and sum(not one.down_revisions for one in given_) == 1:
        assert (len(heads) > 1) == ("diverged-heads" in ids(judge(snapshot(*given_), nowhere)))


# Every problem in a true world: what Alembic does with it, what we say, and that the cure cures


class Case(NamedTuple):
    """What is wrong in a world whose first revision is aaaa1111, and what Alembic makes of it."""

    make: Callable[[Checkout], Any]
    alembic: str  # in what `alembic heads` says; "" where it stays silent
    ids: list[str]
    mend: Callable[[Checkout], Any] | None = None  # what a cure in prose asks for


def write(name: str, text: str | bytes) -> Callable[[Checkout], Any]:
    def make(main: Checkout) -> None:
        content = text if isinstance(text, bytes) else text.encode()
        (main.versions / name).write_bytes(content)

    return make


def revise(*rows: tuple[Any, ...]) -> Callable[[Checkout], Any]:
    return lambda main: [main.revision(row[0], row[1], **(row[2] if len(row) > 2 else {})) for row in rows]


def remove(file: str) -> Callable[[Checkout], Any]:
    return lambda main: main.git("rm", "--quiet", "--force", "--ignore-unmatch", main.versions / file)


SOUND_HEAD = revision_text("bbbb2222", "aaaa1111")
CASES = {
    "parent": Case(
        revise(("bbbb2222", "gone1111")),
        "KeyError: 'gone1111'",
        ["parent-missing"],
        revise(("bbbb2222", "aaaa1111")),
    ),
    "depends": Case(
        revise(("bbbb2222", "aaaa1111", {"depends_on": "gone1111"})),
        "KeyError: 'gone1111'",
        ["depends-missing"],
        revise(("bbbb2222", "aaaa1111")),
    ),
    "depends by label": Case(
        revise(("bbbb2222", "aaaa1111", {"depends_on": "label"})),
        "KeyError: 'label'",
        ["depends-missing"],
        revise(("bbbb2222", "aaaa1111", {"labels": "label"})),
    ),
    "duplicate": Case(
        revise(("bbbb2222", "aaaa1111"), ("bbbb2222", "aaaa1111", {"file": "twin.py"})),
        "Revision bbbb2222 is present more than once",
        ["duplicate-revision"],
    ),
    "cycle": Case(
        revise(("bbbb2222", "cccc3333"), ("cccc3333", "bbbb2222")),
        "CycleDetected",
        ["cycle"],
        revise(("bbbb2222", "aaaa1111")),
    ),
    "self-loop": Case(
        revise(("bbbb2222", "bbbb2222")), "LoopDetected", ["self-loop"], revise(("bbbb2222", "aaaa1111"))
    ),
    "label": Case(
        revise(
            ("bbbb2222", "aaaa1111", {"labels": "one"}),
            ("cccc3333", "bbbb2222", {"labels": "one"}),
        ),
        "already used",
        ["duplicate-label"],
        revise(("cccc3333", "bbbb2222")),
    ),
    "label that is an id": Case(
        revise(("bbbb2222", "aaaa1111", {"labels": "aaaa1111"})),
        "already used",
        ["duplicate-label"],
        revise(("bbbb2222", "aaaa1111")),
    ),
    "syntax": Case(
        write("bad.py", "revision = 'bbbb2222'\ndown_revision = ("),
        "SyntaxError",
        ["unreadable"],
        remove("bad.py"),
    ),
    "syntax in the tail": Case(
        write("bad.py", SOUND_HEAD + "\n    op.execute(\n"), "SyntaxError", ["unreadable"], remove("bad.py")
    ),
    "encoding": Case(
        write("bad.py", SOUND_HEAD.encode() + b"x = '\xe9'\n"),
        "SyntaxError",
        ["unreadable"],
        remove("bad.py"),
    ),
    "NUL": Case(write("bad.py", SOUND_HEAD + "\0"), "null bytes", ["unreadable"], remove("bad.py")),
    "helper": Case(
        write("helper.py", "import os\n"),
        "Could not determine revision id from filename helper.py",
        ["no-revision"],
        remove("helper.py"),
    ),
    "no down_revision": Case(
        write("bad.py", "revision = 'bbbb2222'\n"), "AttributeError", ["unreadable"], remove("bad.py")
    ),
    "illegal id": Case(
        revise(("bb@22", "aaaa1111")),
        "not allowed in revision identifier",
        ["illegal-id"],
        remove("bb@22_add_t.py"),
    ),
    "broken and missed": Case(
        lambda main: (
            write("bad.py", SOUND_HEAD + "\n    op.execute(\n")(main),
            main.revision("cccc3333", "bbbb2222"),
        ),
        "SyntaxError",
        ["unreadable"],
        write("bad.py", SOUND_HEAD),
    ),
    "prefix": Case(revise(("aaaa1111xyz", "aaaa1111")), "", ["id-prefix"], remove("aaaa1111xyz_add_t.py")),
    "too long": Case(revise(("q" * 33, "aaaa1111")), "", ["id-too-long"], remove("q" * 33 + "_add_t.py")),
    "diverged": Case(revise(("bbbb2222", "aaaa1111"), ("cccc3333", "aaaa1111")), "", ["diverged-heads"]),
    "a base of its own": Case(revise(("bbbb2222", None)), "", []),
    "computed parent": Case(
        write(
            "joins.py",
            "from os import getenv\nrevision = 'bbbb2222'\ndown_revision = getenv('X', 'aaaa1111')\n",
        ),
        "",
        [],
    ),
    "computed id": Case(
        lambda main: (
            write(
                "old.py",
                "from os import getenv\nrevision = getenv('X', 'bbbb2222')\ndown_revision = 'aaaa1111'\n",
            )(main),
            main.revision("cccc3333", "bbbb2222"),
        ),
        "",
        [],
    ),
    "folder named as a file": Case(lambda main: (main.versions / "old.py").mkdir(), "", []),
}


@pytest.fixture
def world(world_root: Path) -> World:
    return World.create(world_root, f"sqlite:///{world_root}/db")


@pytest.fixture
def main(world: World) -> Checkout:
    world.main.revision("aaaa1111")
    world.main.commit("First migration")
    return world.main


def problems(checkout: Checkout, *args: str, **options: Any) -> list[dict[str, Any]]:
    """What `check --json` finds; its status says whether that is anything."""
    done = checkout.tool("check", "--json", *args, **options)
    document = json.loads(done.stdout)
    assert done.stderr == ""
    assert set(document) == {"version", "problems"}
    assert document["version"] == 1
    assert done.returncode == (1 if any("warning" not in row for row in document["problems"]) else 0)
    for problem in document["problems"]:
        marked = ["warning"] if problem["id"] == "id-prefix" else []
        assert list(problem) == ["id", "revision", "message", "hint", "files", *marked]
        assert all((checkout.path / file).exists() for file in problem["files"])
    return list(document["problems"])


def found_ids(checkout: Checkout, *args: str) -> list[str]:
    return [problem["id"] for problem in problems(checkout, *args)]


@pytest.mark.parametrize("case", CASES)
def test_check_says_what_alembic_will_do(case: str, main: Checkout) -> None:
    make, words, expected, mend = CASES[case]
    make(main)
    done = main.alembic("heads")
    assert words in done.stdout + done.stderr
    fails = bool(words)
    assert fails == (done.returncode != 0 or "UserWarning" in done.stderr)
    assert found_ids(main) == expected
    main.git("add", "--all")
    assert found_ids(main, "--staged") == expected
    if mend:
        mend(main)
        assert found_ids(main) == []
        main.alembic("heads", check=True)


def pasted(checkout: Checkout, command: str, folder: str) -> None:
    checkout.world.tick()
    checkout.world.run("sh", "-c", command, cwd=checkout.path / folder, check=True)


FOLDERS = pytest.mark.parametrize("folder", ["", "backend/migrations"])


def hint(checkout: Checkout, id: str, *args: str) -> str:
    (problem,) = problems(checkout, *args)
    assert problem["id"] == id
    return str(problem["hint"])


@FOLDERS
@pytest.mark.parametrize("staged", [True, False], ids=["staged", "files"])
def test_cure_of_a_duplicate(staged: bool, folder: str, main: Checkout) -> None:
    CASES["duplicate"].make(main)
    if staged:
        main.git("add", "--all")
    cure = hint(main, "duplicate-revision", *(["--staged"] if staged else []))
    pasted(main, cure.partition("example: ")[2], folder)
    assert found_ids(main, *(["--staged"] if staged else [])) == []
    main.alembic("heads", check=True)


@FOLDERS
def test_cure_of_what_is_not_recorded(folder: str, main: Checkout) -> None:
    main.revision("bbbb2222", "aaaa1111", file="é $x.py")
    main.revision("cccc3333", "bbbb2222")
    main.git("add", "backend/migrations/versions/cccc3333_add_t.py")
    pasted(main, hint(main, "parent-unrecorded", "--staged").partition(", and")[0], folder)
    assert found_ids(main, "--staged") == []
    main.git("commit", "-m", "x")
    assert found_ids(main, "--ref", "HEAD") == []


@FOLDERS
def test_cure_of_what_is_only_borrowed(folder: str, main: Checkout) -> None:
    feature = main.world.worktree("StoFlow-feature")
    feature.applied("bbbb2222", "aaaa1111", commit=False)
    main.tool("copy", check=True)
    main.revision("cccc3333", "bbbb2222")
    main.git("add", "--all")
    (problem,) = problems(main, "--staged")
    assert problem["id"] == "parent-borrowed"
    assert "from StoFlow-feature" in problem["message"]
    assert problems(main) == [problem]  # the files are judged as they will be recorded
    pasted(main, problem["hint"], folder)
    assert found_ids(main, "--staged") == []


def test_cure_of_what_is_only_borrowed_in_an_unusual_folder(world_root: Path) -> None:
    layout = Layout(backend="services/the api")
    world = World.create(world_root, f"sqlite:///{world_root}/db", layout=layout)
    world.main.revision("aaaa1111")
    world.main.commit("First migration")
    world.worktree("StoFlow-feature").applied("bbbb2222", "aaaa1111")
    world.main.tool("copy", check=True)
    world.main.revision("cccc3333", "bbbb2222")
    world.main.git("add", "--all")
    pasted(world.main, hint(world.main, "parent-borrowed", "--staged"), "")
    assert found_ids(world.main, "--staged") == []


def child(checkout: Checkout) -> Checkout:
    checkout.revision("cccc3333", "bbbb2222")
    checkout.git("add", "--all")
    return checkout


@FOLDERS
@pytest.mark.parametrize("where", ["worktree", "detached worktree", "branch", "clone", "clone's branch"])
def test_cure_of_what_is_committed_elsewhere(where: str, folder: str, main: Checkout) -> None:
    other = main.world.clone("StoFlow-other") if "clone" in where else main.world.worktree("StoFlow-other")
    other.git("checkout", "--quiet", "-b", "new branch".replace(" ", "-"))
    other.revision("bbbb2222", "aaaa1111")
    other.commit("Second migration")
    if where == "detached worktree":
        other.git("checkout", "--quiet", "--detach")
        other.git("branch", "-D", "new-branch")
    if where == "branch":
        main.git("worktree", "remove", str(other.path))
    if where == "clone's branch":
        other.git("checkout", "--quiet", "develop")
    pasted(child(main), hint(main, "parent-elsewhere", "--staged"), folder)
    assert found_ids(main, "--staged") == []
    assert "cccc3333" in main.git_status()


@FOLDERS
@pytest.mark.parametrize("where", ["stash", "reflog", "history", "archive"])
def test_cure_of_what_only_git_remembers(where: str, folder: str, main: Checkout) -> None:
    if where == "archive":
        other = main.world.worktree("StoFlow-other")
        other.revision("bbbb2222", "aaaa1111")
        other.tool("upgrade", check=True)
        main.git("worktree", "remove", "--force", str(other.path))
    else:
        main.revision("bbbb2222", "aaaa1111")
        main.commit("Second migration")
        main.git(
            "reset", "--soft" if where == "stash" else "--hard", "HEAD~1"
        ) if where != "history" else main.git("rm", "backend/migrations/versions/bbbb2222_add_t.py")
        main.git("stash") if where == "stash" else None
        main.git("reflog", "expire", "--expire=all", "--all") if where == "stash" else None
        main.git("commit", "-m", "Removed") if where == "history" else None
    pasted(child(main), hint(main, "parent-elsewhere", "--staged"), folder)
    assert found_ids(main, "--staged") == []


@pytest.mark.parametrize("others", [False, True], ids=["alone", "beside a worktree that has it"])
def test_cure_of_what_this_branch_removes(others: bool, main: Checkout) -> None:
    """Its own branch has it, and the one it came from: to merge these would bring nothing."""
    main.revision("bbbb2222", "aaaa1111")
    main.commit("Second migration")
    if others:
        main.world.worktree("StoFlow-other")
    child(main).commit("Third migration")
    main.git("rm", "--quiet", "backend/migrations/versions/bbbb2222_add_t.py")
    pasted(main, hint(main, "parent-elsewhere", "--staged"), "")
    assert found_ids(main, "--staged") == []


def test_cure_of_what_is_not_committed_elsewhere(main: Checkout) -> None:
    other = main.world.worktree("StoFlow-other")
    other.revision("bbbb2222", "aaaa1111")
    cure = hint(child(main), "parent-elsewhere", "--staged")
    pasted(main, cure.partition(": ")[2].partition(", commit")[0], "")
    other.git("commit", "-m", "Second migration")
    pasted(main, hint(main, "parent-elsewhere", "--staged"), "")
    assert found_ids(main, "--staged") == []


@FOLDERS
def test_cure_of_diverged_heads(folder: str, main: Checkout) -> None:
    CASES["diverged"].make(main)
    main.git("add", "--all")
    pasted(main, hint(main, "diverged-heads", "--staged").partition(", then")[0], folder)
    main.git("add", "--all")
    assert found_ids(main, "--staged") == []


@FOLDERS
def test_database(folder: str, main: Checkout) -> None:
    main.world.worktree("StoFlow-other").applied("bbbb2222", "aaaa1111")
    main.revision("cccc3333", "aaaa1111")
    (found,) = problems(main, "--database")
    assert (found["id"], found["revision"]) == ("applied-missing", "bbbb2222")
    pasted(main, found["hint"], folder)
    assert found_ids(main, "--database") == []


@FOLDERS
def test_database_that_lacks_something(folder: str, main: Checkout) -> None:
    main.revision("bbbb2222", "aaaa1111")
    (found,) = problems(main, "--database")
    assert (found["id"], found["revision"]) == ("not-applied", "aaaa1111")
    assert found["hint"] == "alembic-worktrees upgrade ~/StoFlow/backend"
    pasted(main, found["hint"], folder)
    assert found_ids(main, "--database") == []


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("by", ["locale", "setting", "backend's setting"])
def test_languages(by: str, language: str, main: Checkout) -> None:
    CASES["parent"].make(main)
    if by != "locale":
        folder = "" if by == "setting" else "backend/"
        main.write(f"{folder}pyproject.toml", f'[tool.alembic-worktrees]\nlanguage = "{language}"\n')
    locale = {"LC_ALL": "fr_FR.UTF-8" if (language == "fr") == (by == "locale") else "en_US.UTF-8"}
    done = main.tool("check", env=locale)
    assert done.returncode == 1
    assert (
        done.stdout
        == {
            "en": "parent-missing: bbbb2222 follows gone1111, which is nowhere: Alembic fails with KeyError\n"
            "  backend/migrations/versions/bbbb2222_add_t.py\n"
            "  → Correct down_revision, or bring back the file of gone1111\n",
            "fr": "parent-missing : bbbb2222 suit gone1111, qui n'est nulle part : Alembic échoue avec KeyError\n"
            "  backend/migrations/versions/bbbb2222_add_t.py\n"
            "  → Corriger down_revision, ou rétablir le fichier de gone1111\n",
        }[language]
    )
    assert done.stderr == ""


def test_nothing_to_say_is_nothing_said(main: Checkout) -> None:
    for args in ([], ["--staged"], ["--ref", "HEAD"]):
        done = main.tool("check", *args)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "args",
    [
        ["--since", "main"],
        ["--staged", "--database"],
        ["--ref", "HEAD", "--database"],
        ["--staged", "--ref", "x"],
    ],
)
def test_wrong_usage(args: list[str], main: Checkout) -> None:
    done = main.tool("check", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr


def test_it_needs_neither_alembic_nor_the_project_nor_a_database(main: Checkout) -> None:
    """No import of alembic, sqlalchemy or psycopg2, in no process; nothing of the project runs."""
    (main.backend / "migrations/env.py").write_text("1 / 0\n")
    write("evil.py", f"open({str(main.path / 'ran')!r}, 'w')\n" + SOUND_HEAD)(main)
    main.revision("cccc3333", "gone1111")
    main.git("add", "--all")
    code = (
        "import atexit, sys, runpy; sys.argv = ['alembic-worktrees', *sys.argv[1:]]\n"
        "heavy = {'alembic', 'sqlalchemy', 'psycopg2', 'rich'}\n"
        "atexit.register(lambda: print(sorted(heavy & sys.modules.keys()), file=sys.stderr))\n"
        "runpy.run_module('alembic_worktrees', run_name='__main__')\n"
    )
    for args in (["check"], ["check", "--staged"], ["check", "--ref", "HEAD"], ["protect"]):
        done = main.world.run(
            main.world.env["PATH"].split(":")[0] + "/python", "-c", code, *args, cwd=main.path
        )
        assert done.stderr.splitlines()[-1] == "[]"
    assert not (main.path / "ran").exists()
