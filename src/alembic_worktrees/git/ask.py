"""Small verbs for git: one question each, NUL-separated where git offers it."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..messages.errors import Refusal
from ..system.process import Reading, Result, run
from ..system.reading import NotReadable, fence, is_sound, read_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# What ties git to one repository: `git rev-parse --local-env-vars` (2.39) without the configuration, which may be
# the user's own, and with what receive-pack adds.
REPOSITORY_VARIABLES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)


# What we use of git is in every version from this one on; `rev-parse --path-format` is what came last (2.31, 2021).
OLDEST = "2.31"

# For every git that we run: words that can be told apart; no file written only to be faster next time; and nothing
# fetched by a partial clone because it was looked at (GIT_NO_LAZY_FETCH is of 2.45; before, no protocol leads out).
_QUIET = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}

# What a repository's configuration could otherwise make a question run: a neighbour need not be a friend. What it
# could make git fetch, and run for that, is forbidden by the environment.
_RUN_NOTHING = {"core.fsmonitor": "false", "core.alternateRefsCommand": "", "log.showSignature": "false"}
# For `git log` about paths as they are, whatever the user has configured.
_PLAIN = ("--literal-pathspecs", "-c", "log.follow=false", "-c", "diff.orderFile=/dev/null")
PATIENCE = 20.0  # seconds for the first question about a repository; its configuration may include a pipe
WALK = 5.0  # seconds for a walk through all history that we can do without
MAX_TOTAL_BYTES = 512 * 1024 * 1024  # of all that is read out of a repository at once
MANY = 1000  # names in one call; the system takes 2 MB of them

# The empty file, in the hashes that git knows.
EMPTY_BLOBS = {
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
}


# A plain file in a list, where what comes before it has ended.
_IN_TREE = re.compile(r"(?<![^\0])100[0-7]+ blob ([0-9a-f]+)\t([^\0]+)")
_IN_INDEX = re.compile(r"(?<![^\0])100[0-7]+ ([0-9a-f]+) 0\t([^\0]+)")
_OBJECT = re.compile(rb"([0-9a-f]+) ([a-z]+) ([0-9]+)")
# What `git fast-import` says when another writer was there first, or is just there.
_OVERTAKEN = (b"Not updating", b"but expected", b"reference already exists", b".lock': File exists")


class Repository(NamedTuple):
    """A git working tree: its top folder and the folder that all its worktrees share."""

    top: Path
    common: Path


class Worktree(NamedTuple):
    """One row of `git worktree list`; `branch` is None when HEAD is detached."""

    path: Path
    branch: str | None
    bare: bool


def environment() -> dict[str, str]:
    """Our environment without what a hook's git put there: the folder alone says which repository is meant."""
    kept = {name: value for name, value in os.environ.items() if name not in REPOSITORY_VARIABLES}
    return kept | _QUIET | dict(_configured(_RUN_NOTHING, int(kept.get("GIT_CONFIG_COUNT") or 0)))


def _configured(settings: Mapping[str, str], others: int) -> Iterator[tuple[str, str]]:
    """Yield the variables that give git these settings, after `others` that are the user's."""
    yield "GIT_CONFIG_COUNT", str(others + len(settings))
    for number, (key, value) in enumerate(settings.items(), others):
        yield f"GIT_CONFIG_KEY_{number}", key
        yield f"GIT_CONFIG_VALUE_{number}", value


def ask(
    folder: Path, *words: str, text: bytes = b"", in_hook: bool = False, patience: float | None = None
) -> Result:
    """Run git in `folder`, whatever repository a surrounding hook is about; `in_hook` in that one.

    DESIGN, rule 9: who chose the folder decides. During `git commit` only the hook's own environment leads to
    the index that the commit will record. Nothing that the repository configures is run.
    """
    chosen = os.environ | _QUIET if in_hook else environment()
    return run(["git", *words], folder=folder, environment=chosen, text=text, patience=patience)


def answer(folder: Path, *words: str, text: bytes = b"", in_hook: bool = False) -> bytes:
    """Like `ask`, for questions that cannot fail in a sound repository. Raises Refusal("git-failed")."""
    result = ask(folder, *words, text=text, in_hook=in_hook)
    if result.status:
        raise _failed(folder, "git " + " ".join(words), result)
    return result.out


def locate(folder: Path) -> Repository | None:
    """Return the working tree that `folder` is in; None outside git.

    Where a `.git` says that this is a checkout, git must be able to tell about it: a borrowed file that it is not
    told to ignore would be in its way later. Raises Refusal: "program-missing" (there is no git), "git-too-old",
    "git-failed" (it refuses: another owner, corruption), "repository-broken" (it sees no repository there).
    """
    words = ("--show-toplevel", "--git-common-dir")
    try:
        result = ask(folder, "rev-parse", "--path-format=absolute", *words, patience=PATIENCE)
    except Refusal as refusal:
        if refusal.key == "program-missing" and not _mark(folder):
            return None
        raise
    if result.status:
        _must_be_outside(folder, result)
        return None
    paths = os.fsdecode(result.out).removesuffix("\n").split("\n")
    if paths[0] == "--path-format=absolute":  # what it does not know, rev-parse repeats
        raise _too_old(folder)
    if len(paths) != len(words):  # a line break in one of them
        paths = [_absolute(folder, word) for word in words]
    return Repository(*map(Path, paths))


def common_folder(top: Path) -> Path | None:
    """Return the folder that all worktrees of the repository share, told as `own_folder` is."""
    own = own_folder(top)
    try:
        return own and Path(
            os.path.realpath(own / os.fsdecode((own / "commondir").read_bytes().rstrip(b"\n")))
        )
    except OSError:
        return own and Path(os.path.realpath(own))


def _absolute(folder: Path, *words: str) -> str:
    return os.fsdecode(answer(folder, "rev-parse", "--path-format=absolute", *words)).removesuffix("\n")


def _must_be_outside(folder: Path, result: Result) -> None:
    """Return if `folder` is outside of all checkouts; else raise the Refusal that says why git cannot tell."""
    if b"must be run in a work tree" in result.err:
        return
    if b"not a git repository" not in result.err:
        raise _failed(folder, "git rev-parse", result)
    if mark := _mark(folder):
        raise Refusal("repository-broken", mark=mark, folder=mark.parent, words=_words(result))


def _mark(folder: Path) -> Path | None:
    """Return the `.git` that makes `folder` part of a checkout, sound or not; an empty folder makes none."""
    ceilings = os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep)
    for above in (folder, *folder.parents):
        if above != folder and str(above) in ceilings:
            return None
        mark = above / ".git"
        if mark.is_file() or (mark.is_dir() and any(mark.iterdir())):
            return mark
    return None


def _too_old(folder: Path) -> Refusal:
    import shutil

    found = os.fsdecode(answer(folder, "version")).strip()
    return Refusal("git-too-old", needed=OLDEST, found=found, program=shutil.which("git") or "git")


def worktrees(folder: Path) -> tuple[Worktree, ...]:
    """Return every worktree of the repository, the main one first; that is left out where nothing leads to it."""
    result = ask(folder, "worktree", "list", "--porcelain", "-z")
    if result.status:  # before git 2.36 there is no -z
        lines = os.fsdecode(answer(folder, "worktree", "list", "--porcelain")).split("\n")
    else:
        lines = os.fsdecode(result.out).split("\0")
    main, *linked = _parse_worktrees(lines)
    return (*_main_worktree(main), *linked)


def _main_worktree(main: Worktree) -> Iterator[Worktree]:
    """Yield the main worktree by its own folder: in a submodule git names that of the repository instead.

    After `git init --separate-git-dir` it does so too, and there nothing leads from one to the other.
    """
    if main.bare or os.path.lexists(main.path / ".git"):
        yield main
        return
    shown = ask(main.path, "rev-parse", "--show-toplevel")
    if not shown.status:
        yield main._replace(path=Path(os.fsdecode(shown.out).removesuffix("\n")))


def _parse_worktrees(lines: Iterable[str]) -> Iterable[Worktree]:
    path, branch, bare = "", None, False
    for line in lines:
        word, _, value = line.partition(" ")
        if word == "worktree":
            path, branch, bare = value, None, False
        elif word == "branch":
            branch = value.removeprefix("refs/heads/")
        elif word == "bare":
            bare = True
        elif not line and path:
            yield Worktree(Path(path), branch, bare)
            path = ""


def superproject(folder: Path) -> Path | None:
    """Return the working tree that has the checkout around `folder` as a submodule; None if none has."""
    top = _line(ask(folder, "rev-parse", "--show-superproject-working-tree", patience=PATIENCE))
    return Path(top) if top else None


def branch(folder: Path) -> str | None:
    """Return the branch that is checked out, None when HEAD is detached."""
    return _line(ask(folder, "symbolic-ref", "--quiet", "--short", "HEAD"))


def default_branch(folder: Path) -> str | None:
    """Return the remote's default branch without the remote's name, None if no remote tells."""
    published = published_branch(folder)
    return published and published.removeprefix("origin/")


def published_branch(folder: Path) -> str | None:
    """Return the remote's default branch as a ref, "origin/main"; None if no remote tells."""
    return _line(ask(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"))


def _line(result: Result) -> str | None:
    """Return the one line that git wrote, None if it wrote none. A name may end with a space, of another kind."""
    return os.fsdecode(result.out.removesuffix(b"\n")) or None


def own_folder(top: Path) -> Path | None:
    """Return git's own folder of the worktree at `top`, as its `.git` says; to ask git would take far longer."""
    mark = top / ".git"
    if mark.is_dir():
        return mark
    try:
        word, _, place = os.fsdecode(read_plain(mark, fence(top))).removesuffix("\n").partition(" ")
    except NotReadable:
        return None
    return top / place if word == "gitdir:" else None


def is_rebasing(top: Path) -> bool:
    """Tell whether a rebase is under way in the worktree at `top` that has commits left to apply."""
    own = own_folder(top) or top
    try:
        lines = (own / "rebase-merge" / "git-rebase-todo").read_bytes().splitlines()
    except OSError:
        lines = []
    return (own / "rebase-apply").is_dir() or any(line and not line.startswith(b"#") for line in lines)


def merging(top: Path) -> tuple[str, ...]:
    """Return the commits that a merge brings that is under way in the worktree at `top`, and has stopped."""
    own = own_folder(top)
    try:
        return tuple((own / "MERGE_HEAD").read_text().split()) if own else ()
    except OSError:
        return ()


def hooks_folder(folder: Path) -> Path:
    """Return the folder that git runs hooks from: one for all worktrees, or where core.hooksPath says."""
    return Path(_absolute(folder, "--git-path", "hooks"))


def hooks_path(folder: Path) -> str | None:
    """Return the setting core.hooksPath, None if there is none."""
    return _line(ask(folder, "config", "--get", "core.hooksPath"))


def plain_files(folder: Path, pattern: str) -> tuple[str, ...]:
    """Return the files below `folder` that git has or would take and that match, relative to it."""
    listed = answer(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern)
    return tuple(path for path in os.fsdecode(listed).split("\0") if path)


def ignored_files(folder: Path, pattern: str) -> tuple[str, ...]:
    """Return the files below `folder` that git ignores and that match, relative to it."""
    listed = answer(folder, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", pattern)
    return tuple(path for path in os.fsdecode(listed).split("\0") if path)


def has_remote(folder: Path) -> bool:
    """Tell whether there is a remote called origin."""
    return ask(folder, "config", "--get", "remote.origin.url").status == 0


def is_shallow(repository: Repository) -> bool:
    """Tell whether the history of this clone was cut off: `git clone --depth`."""
    return (repository.common / "shallow").is_file()


def is_partial(folder: Path) -> bool:
    """Tell whether this clone leaves objects with its remote until they are needed: `git clone --filter`."""
    return ask(folder, "config", "--get-regexp", r"^remote\..*\.promisor$").status == 0


def tracked(folder: Path, paths: Iterable[Path], *, surely: bool = False) -> frozenset[Path]:
    """Return which of `paths` (absolute, below `folder`) git has in its index.

    None are where there is no repository, or a broken one: a neighbour need not be sound. With `surely` that raises
    Refusal("git-failed").
    """
    names = {os.path.relpath(path, folder): path for path in paths}
    if not names:
        return frozenset()
    listed = _about_names(folder, "ls-files", "-z", names=list(names), surely=surely)
    return frozenset(names[name] for name in listed if name in names)


def untracked(folder: Path, places: Iterable[Path]) -> frozenset[Path]:
    """Return the files in `places` (absolute, below `folder`) that the index does not have, ignored ones too."""
    names = [os.path.relpath(place, folder) for place in places]
    listed = _about_names(folder, "ls-files", "-z", "--others", names=names)
    return frozenset(folder / name for name in listed if name)


def in_head(folder: Path, paths: Iterable[Path]) -> frozenset[Path]:
    """Return which of `paths` (absolute, below `folder`) HEAD has, whatever their content."""
    names = {os.path.relpath(path, folder): path for path in paths}
    listed = _about_names(folder, "ls-tree", "-z", "--name-only", "HEAD", names=list(names))
    return frozenset(names[name] for name in listed if name in names)


def _about_names(folder: Path, *words: str, names: Sequence[str], surely: bool = False) -> Iterator[str]:
    """Yield what git answers about these files, a few at a time; where it cannot nothing, or `surely` Refusal."""
    for start in range(0, len(names), MANY):
        asked = ("--literal-pathspecs", *words, "--", *names[start : start + MANY])
        result = ask(folder, *asked, patience=PATIENCE)
        if result.status and surely:
            raise _failed(folder, "git " + " ".join(words), result)
        if result.status:
            return
        yield from os.fsdecode(result.out).split("\0")


def committed(folder: Path, contents: Mapping[Path, bytes]) -> frozenset[Path]:
    """Return which of these files (absolute, below `folder`) HEAD has with the same content.

    `git diff` would tell too, but run the filters that the repository configures, and write the index when a file was
    only touched. Of the filters only the one for line ends is respected here.
    """
    split = [(path, *os.path.split(path)) for path in contents]
    places = {place: os.path.relpath(place, folder) for place in {place for _, place, _ in split}}
    names = {f"{places[place]}/{name}".removeprefix("./"): path for path, place, name in split}
    found = set()
    # By their folders: git holds each entry of a tree against each name that it is given.
    for line in _about_names(folder, "ls-tree", "-z", "HEAD", names=[f"{at}/" for at in places.values()]):
        about, _, name = line.partition("\t")
        if name in names and is_blob(contents[names[name]], about.split(" ")[2]):
            found.add(names[name])
    return frozenset(found)


def is_blob(content: bytes, blob: str) -> bool:
    """Tell whether git would keep this content under that id; it may keep the ends of lines in another way."""
    wide = len(blob) == 64
    return blob == blob_id(content, wide=wide) or blob == blob_id(content.replace(b"\r\n", b"\n"), wide=wide)


def stage(folder: Path, paths: Iterable[Path]) -> None:
    """Put files into the index as they are, also ignored ones."""
    names = [os.path.relpath(path, folder) for path in paths]
    answer(folder, "--literal-pathspecs", "add", "--force", "--", *names)


def ignored(folder: Path, paths: Iterable[Path]) -> frozenset[Path]:
    """Return which of `paths` (absolute, below `folder`) git would ignore; they need not exist."""
    names = {f"./{os.path.relpath(path, folder)}": path for path in paths}  # a `:` in front would be magic
    text = b"".join(os.fsencode(name) + b"\0" for name in names)
    # Without --no-index the names would also be globs over what is tracked: `[az]*.py` would pass for `a.py`.
    result = ask(folder, "check-ignore", "--no-index", "-z", "--stdin", text=text, patience=PATIENCE)
    return frozenset(names[name] for name in os.fsdecode(result.out).split("\0") if name in names)


def _failed(folder: Path, command: str, result: Result) -> Refusal:
    return Refusal("git-failed", command=command, folder=folder, words=_words(result))


def _words(result: Result) -> str:
    """Return what git says, its commands ready to be pasted: it sets them off with tabs. It may quote a URL."""
    from ..database.runner import mask

    return mask(os.fsdecode(result.err).strip().expandtabs(4))


class Tip(NamedTuple):
    """A ref, by its full name, and the commit that it leads to."""

    name: str
    commit: str


class Object(NamedTuple):
    """What `git cat-file` tells of an object: its id, type and size in bytes."""

    oid: str
    type: str
    size: int


class Commit(NamedTuple):
    """Who made a commit, and when."""

    commit: str
    author: str
    date: str


class TreeEntry(NamedTuple):
    """One line of a tree: "100644" and so on, the object's id, the name."""

    mode: str
    oid: str
    name: str

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file: no link, no submodule."""
        return self.mode.startswith("100")

    @property
    def is_folder(self) -> bool:
        """Whether it is a tree itself."""
        return self.mode == "40000"


def refs(folder: Path, *patterns: str) -> tuple[Tip, ...]:
    """Return where the refs that match lead to; a tag is followed to its commit."""
    fields = "%(refname)%00%(objectname)%00%(*objectname)"
    lines = answer(folder, "for-each-ref", f"--format={fields}", *patterns).split(b"\n")
    rows = (os.fsdecode(line).split("\0") for line in lines if line)
    return tuple(Tip(name, peeled or commit) for name, commit, peeled in rows)


def stashes(folder: Path) -> tuple[str, ...]:
    """Return the commit of every stash, newest first: `stash@{0}`, `stash@{1}` and so on."""
    return tuple(ask(folder, "rev-list", "--walk-reflogs", "refs/stash", "--").out.decode().split())


def stashed_files(folder: Path) -> frozenset[Path]:
    """Return the untracked files that `git stash pop` would bring back; it refuses to where there is one."""
    parts = describe(folder, [f"{stash}^3" for stash in stashes(folder)])
    text = "".join(f"{one.oid}\n" for one in parts if one).encode()
    words = ("diff-tree", "--stdin", "--root", "-r", "-z", "--name-only", "--no-commit-id")
    listed = answer(folder, *words, text=text) if text else b""
    return frozenset(folder / name for name in os.fsdecode(listed).split("\0") if name)


def past_tips(folder: Path) -> tuple[str, ...]:
    """Return the commits that the branch here has pointed to, or HEAD where it is detached; the newest first."""
    name = branch(folder)
    listed = ask(folder, "rev-list", "--walk-reflogs", f"refs/heads/{name}" if name else "HEAD", "--")
    return tuple(listed.out.decode().split())


def reflog_commits(folder: Path) -> tuple[str, ...]:
    """Return every commit that a reflog of any worktree names, newest first."""
    listed = ask(folder, "rev-list", "--no-walk=sorted", "--reflog")  # fails where there are none
    return tuple(listed.out.decode().split())


class CutShort(Exception):
    """Git took too long; what it had told until then has been handed on."""


def unreachable_commits(folder: Path, patience: float) -> Iterator[str]:
    """Yield the commits that nothing leads to any more and `git gc` has not removed yet, newest first.

    Raises CutShort after what git told within `patience` seconds.
    """
    words = ("fsck", "--unreachable", "--connectivity-only", "--no-progress")
    listed = ask(folder, *words, patience=patience)
    found = re.findall(rb"^unreachable commit ([0-9a-f]+\n)", listed.out, re.MULTILINE)
    if found:
        text = b"".join(found)
        yield from answer(folder, "rev-list", "--no-walk=sorted", "--stdin", text=text).decode().split()
    _must_be_whole(listed)


def _must_be_whole(listed: Result) -> None:
    if listed.status == -signal.SIGKILL:
        raise CutShort


class Change(NamedTuple):
    """A commit that gave the file at `path` another content: the blob before and the one after, "" for no file."""

    commit: str
    path: str
    before: str
    after: str


def past_files(
    folder: Path, places: Iterable[str], without: str, patience: float
) -> Iterator[tuple[str, str, str]]:
    """Yield (commit, blob, path) of every version of every file that history has in `places`, newest first.

    `places` are paths from the top of the checkout; refs that match `without` are left out. Where history ends
    before its time, in a clone without all trees, so do the rows. Raises CutShort after what git told within
    `patience` seconds.
    """
    for change in _changes(folder, places, f"--exclude={without}", "--all", "--reflog", patience=patience):
        if change.after:
            yield change.commit, change.after, change.path


def changes(folder: Path, places: Iterable[str], without: str) -> Iterator[Change]:
    """Yield how the files in `places` changed on the refs but those that match `without`, newest first.

    A merge is held against each of its parents. What git does not tell within `PATIENCE` is missing at the end.
    """
    with suppress(CutShort):
        yield from _changes(folder, places, f"--exclude={without}", "--all", patience=PATIENCE)


def _changes(folder: Path, places: Iterable[str], *which: str, patience: float) -> Iterator[Change]:
    form = ("--raw", "--no-abbrev", "--no-renames", "--no-mailmap", "-z", "--format=%x01%H")
    if not (places := list(places)):
        return
    words = (*_PLAIN, "log", *which, "--full-history", "-m", *form, "--", *places)
    listed = ask(folder, *words, patience=patience)
    commit = ""
    fields = iter(os.fsdecode(listed.out[: listed.out.rfind(b"\0") + 1]).split("\0"))
    for field in fields:
        line = field.lstrip("\n")
        if line.startswith("\x01"):
            commit = line[1:]
        elif line.startswith(":") and (path := next(fields, "")):
            _, _, before, after, _ = line.split(" ")
            yield Change(commit, path, before.strip("0") and before, after.strip("0") and after)
    _must_be_whole(listed)


def last_commit(folder: Path, commit: str, path: str) -> Commit | None:
    """Return the last commit up to `commit` that touched `path`, from the top of the checkout at `folder`."""
    form = ("-1", "--no-mailmap", "--format=%H%x00%an <%ae>%x00%ci")
    listed = ask(folder, *_PLAIN, "log", *form, commit, "--", path, patience=PATIENCE)
    fields = listed.out.decode("utf-8", "replace").rstrip("\n").split("\0")
    return Commit(*fields) if len(fields) == 3 else None


def describe(folder: Path, names: Sequence[str]) -> tuple[Object | None, ...]:
    """Return what each name ("COMMIT:PATH", "COMMIT^3", an id) stands for; None if there is no such object here.

    None too for a name that git cannot be asked for: it takes a line, and a carriage return at the end is not of it.
    """
    lines = [b"" if "\n" in name or name.endswith("\r") else os.fsencode(name) for name in names]
    found: list[Object | None] = []
    while len(found) < len(lines):
        text = b"".join(line + b"\n" for line in lines[len(found) :])
        result = ask(folder, "cat-file", "--batch-check", text=text)
        found += map(_parse_object, result.out.split(b"\n")[:-1])  # a name may hold a \r
        if result.status:
            if b"promisor remote" not in result.err:
                raise _failed(folder, "git cat-file", result)
            found.append(None)  # in a partial clone git gives up at what it would have to fetch
    return tuple(found)


def _parse_object(line: bytes) -> Object | None:
    found = _OBJECT.fullmatch(line)  # else "NAME missing", "NAME ambiguous"
    return Object(found[1].decode(), found[2].decode(), int(found[3])) if found else None


def small_contents(folder: Path, oids: Iterable[str], limit: int) -> dict[str, bytes]:
    """Return the bytes of those objects that are here and have at most `limit` bytes, by id; each is read once."""
    contents: dict[str, bytes] = {}
    todo = list(dict.fromkeys(oids))
    while todo:
        todo = todo[_read_objects(folder, todo, limit, contents) :]
    return contents


def _read_objects(folder: Path, oids: Sequence[str], limit: int, contents: dict[str, bytes]) -> int:
    """Read objects up to the first that is too large, or that git gives up at; return how many are dealt with."""
    words = ["git", "cat-file", "--batch", "--buffer"]
    text = "".join(oid + "\n" for oid in oids).encode()
    left = MAX_TOTAL_BYTES - sum(map(len, contents.values()))
    with Reading(words, folder=folder, environment=environment(), text=text) as reading:
        for number, oid in enumerate(oids, 1):
            line = reading.out.readline()
            found = _parse_object(line.rstrip(b"\n"))
            if found and limit >= found.size > left:
                return len(oids)
            if found and found.size <= limit:
                left -= found.size
                contents[oid] = reading.out.read(found.size + 1)[:-1]
            elif found:
                return number
            elif not line:
                result = reading.result()
                if b"promisor remote" not in result.err:
                    raise _failed(folder, " ".join(words), result)
                return number  # in a partial clone git gives up at what it would have to fetch
    return len(oids)


def blob_id(content: bytes, *, wide: bool) -> str:
    """Return the id that git gives to `content`; `wide` in a repository of `--object-format=sha256`."""
    import hashlib

    data = b"blob %d\0" % len(content) + content
    return hashlib.sha256(data).hexdigest() if wide else hashlib.sha1(data, usedforsecurity=False).hexdigest()


def tree_entries(tree: bytes, oid_bytes: int) -> tuple[TreeEntry, ...]:
    """Return the lines of a tree object: MODE SPACE NAME NUL ID, where an id has 20 or 32 bytes.

    A tree that was made by hand ends where it is none any more. Names that git would refuse to check out are left
    out.
    """
    line = re.compile(rb"([0-7]+) ([^\0/]+)\0(.{%d})" % oid_bytes, re.DOTALL)
    entries, end = [], 0
    for found in line.finditer(tree):
        if found.start() != end:
            break
        end = found.end()
        entries.append(_tree_entry(*found.groups()))
    return tuple(entry for entry in entries if entry)


@cache  # the trees of a hundred branches hold the same lines, and a line says all of its entry
def _tree_entry(mode: bytes, name: bytes, oid: bytes) -> TreeEntry | None:
    """Return a line of a tree, None if git would refuse to check it out."""
    entry = TreeEntry(mode.decode(), oid.hex(), os.fsdecode(name))
    return entry if is_sound(entry.name) else None


def files(folder: Path, commit: str) -> tuple[tuple[str, str], ...]:
    """Return every plain file of a commit as (blob, path). Raises Refusal("commit-missing")."""
    words = ("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", f"{commit}^{{commit}}")
    result = ask(folder, *words)
    if result.status and not commit_id(folder, commit):
        raise Refusal("commit-missing", name=commit)
    if result.status:
        raise _failed(folder, "git " + " ".join(words), result)
    return tuple(_IN_TREE.findall(os.fsdecode(result.out)))


def index_files(folder: Path, *, in_hook: bool) -> dict[str, str]:
    """Return the blob of every plain file in the index, by path from the top; what `add -N` announced is not in it."""
    listed = os.fsdecode(answer(folder, "ls-files", "-z", "--stage", "--full-name", in_hook=in_hook))
    found = {path: blob for blob, path in _IN_INDEX.findall(listed)}
    # An empty `__init__.py` is usual, and no migration; whether it was only announced is not asked.
    if any(blob in EMPTY_BLOBS and not f"/{path}".endswith("/__init__.py") for path, blob in found.items()):
        words = ("diff", "--name-only", "--diff-filter=A", "-z")
        for path in os.fsdecode(answer(folder, *words, in_hook=in_hook)).split("\0"):
            found.pop(path, None)
    return found


def listed(folder: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Return every file of one of these base names, by its path from `folder`: tracked, or neither that nor ignored."""
    words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    globs = [f":(glob)**/{name}" for name in names]
    return tuple(filter(None, os.fsdecode(answer(folder, *words, "--", *globs)).split("\0")))


def folders_ending_in(folder: Path, tail: str) -> tuple[str, ...]:
    """Return the folders with files that git has or would take, and whose path ends in `tail`."""
    words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", f":(glob)**/{tail}/**")
    listed = ask(folder, *words, patience=PATIENCE)
    return folders_in(tail, filter(None, os.fsdecode(listed.out).split("\0")))


def folders_in(tail: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the folders of these files, "a/b/c.py", whose path ends in `tail`, each once."""
    wanted = f"/{tail}/"
    found = (f"/{path}".rpartition(wanted) for path in paths)
    return tuple(dict.fromkeys(f"{above}{wanted}".strip("/") for above, end, _ in found if end))


def merge_base(folder: Path, one: str, other: str) -> str | None:
    """Return the best common ancestor of two commits, None if there is none here (a shallow clone)."""
    return _line(ask(folder, "merge-base", one, other))


def latest(folder: Path, commits: Sequence[str]) -> tuple[str, ...]:
    """Return those of these commits that none of the others comes after."""
    return tuple(answer(folder, "merge-base", "--independent", *commits).decode().split()) if commits else ()


def unpublished(folder: Path, commit: str, known: Iterable[str]) -> tuple[bool, tuple[str, ...]]:
    """Tell whether `commit` brings anything that no remote has, nor `known` have; and what that is built upon."""
    words = ("rev-list", "--boundary", commit, "--not", "--remotes", *known)
    listed = answer(folder, *words).decode().split()
    return bool(listed), latest(folder, [row[1:] for row in listed if row.startswith("-")])


def commit_id(folder: Path, name: str) -> str | None:
    """Return the id of the commit that `name` names, None if it names none."""
    result = ask(folder, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
    return None if result.status else result.out.decode().strip()


def tips(folder: Path) -> frozenset[str]:
    """Return the commits that the branches here and those of the remotes lead to; none where git cannot tell."""
    return _oids(ask(folder, "rev-parse", "--branches", "--remotes", patience=PATIENCE))


def roots(folder: Path) -> frozenset[str]:
    """Return the commits without a parent that HEAD comes from; none where git cannot tell, or not in time."""
    return _oids(ask(folder, "rev-list", "--max-parents=0", "HEAD", "--", patience=WALK))


def _oids(result: Result) -> frozenset[str]:
    return frozenset(() if result.status else result.out.decode().split())


def import_commit(folder: Path, stream: bytes) -> bool:
    """Let `git fast-import` make a commit and move its ref; False if another writer moved the ref meanwhile.

    A stream that breaks off changes nothing. Raises Refusal("git-failed") if it cannot be written at all.
    """
    result = ask(folder, "fast-import", "--quiet", "--date-format=raw", "--done", text=stream + b"done\n")
    if result.status and not any(words in result.err for words in _OVERTAKEN):
        raise _failed(folder, "git fast-import", result)
    return not result.status
