"""Judge what git records: the index, a commit, or a push. Only what is new of it, if asked."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from .problems import problem
from .review import nothing_to_check, project_in, searcher
from .rules import located, survey
from .snapshot import Snapshot, Tree, read_blobs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from ..project.project import Project
    from ..project.settings import Settings
    from .problems import Problem
    from .review import Scope
    from .snapshot import Environment

    Files = Mapping[str, str]  # path → blob
    Key = tuple[str, str]  # folder and section


UNJUDGED = {"package-missing", "compiled"}


class Review(NamedTuple):
    """What was found. Against others `problems` are only the new ones, and `before` those that were so before."""

    problems: tuple[Problem, ...] = ()
    before: tuple[Problem, ...] = ()


class _Side(NamedTuple):
    """The migrations of one environment in a tree."""

    environment: Environment
    files: Files

    @property
    def blobs(self) -> frozenset[str]:
        """What these files hold."""
        return frozenset(self.files.values())


def review_index(scope: Scope) -> Review:
    """Judge what the commit that is being made will record, against its parents."""
    from .borrowed_files import staged

    tree = Tree(scope.root, None, in_hook=scope.in_hook)
    sides = _sides(scope, tree)
    found = _review(scope, tree, sides, _parents(scope))
    lent = [one for side in sides.values() for one in staged(scope.root, side.environment.folder, side.files)]
    return _in_hook(found._replace(problems=(*found.problems, *lent)))


def _parents(scope: Scope) -> list[Tree]:
    """Return what the commit that is being made will follow; the first commit of all follows nothing."""
    try:
        return _trees(scope, ["HEAD", *merging(scope)])
    except git.CommitMissing:
        return []


def merging(scope: Scope) -> tuple[str, ...]:
    """Return what is being merged. Until its hook has agreed `git merge` tells it by variables: GITHEAD_ID=NAME."""
    if stopped := git.merging(scope.root):
        return stopped
    named = [name.removeprefix("GITHEAD_") for name in os.environ if name.startswith("GITHEAD_")]
    coming = [one for one in named if scope.in_hook and git.commit_id(scope.root, one)]
    return tuple(one for one in coming if git.merge_base(scope.root, "HEAD", one) != one)


def review_commit(scope: Scope, name: str, onto: str | None = None, since: Iterable[str] = ()) -> Review:
    """Judge a commit, or what merging it into `onto` would record: all of it, or against the commits `since`.

    Raises UserError if there is nothing to check.
    """
    tree = Tree(scope.root, git.merged_tree(scope.root, onto, name) if onto else name)
    sides = _sides(scope, tree)
    if not sides and not tree.refused:
        raise nothing_to_check(name)
    return _review(scope, tree, sides, _trees(scope, since))


def _trees(scope: Scope, commits: Iterable[str]) -> list[Tree]:
    return [Tree(scope.root, one) for one in commits]


def review_push(scope: Scope, commit: str, remote: str | None) -> Review:
    """Judge a commit against what remotes have already; `remote` is where the branch stands there."""
    settings = (scope.settings(folder).published for folder in scope.folders())
    known = [one for one in (remote, *settings) if one and git.commit_id(scope.root, one)]
    anything, since = git.unpublished(scope.root, commit, known)
    if not anything:
        return Review()
    tree = Tree(scope.root, commit)
    return _in_hook(_review(scope, tree, _sides(scope, tree), _trees(scope, since)))


def review_tree(scope: Scope, tree: Tree, sound: Collection[str] = ()) -> tuple[Problem, ...]:
    """Judge all that lies in a tree; the blobs in `sound` are known to be valid Python."""
    return _review(scope, tree, _sides(scope, tree), sound=sound).problems


def _sides(scope: Scope, tree: Tree) -> dict[Key, _Side]:
    """Return what a tree has of each environment."""
    return {
        (environment.folder, environment.files.section): _Side(
            environment, tree.migrations(environment.locations)
        )
        for environment in tree.projects(scope.files, scope.folder)
    }


# What is new


def _review(
    scope: Scope,
    tree: Tree,
    sides: Mapping[Key, _Side],
    parents: Sequence[Tree] = (),
    *,
    sound: Collection[str] = (),
) -> Review:
    """Judge the environments of `tree`, against those of its `parents`, if there are any.

    An environment that is as one of these has it is not judged: nothing there was touched.
    """
    pasts = [_sides(scope, parent) for parent in parents]
    reviews = [_told_apart(_refused(tree), [one for parent in parents for one in _refused(parent)])]
    for key, side in sides.items():
        before = [_past(parent, past, key, side, sides) for parent, past in zip(parents, pasts, strict=True)]
        if all(one.files != side.files for one in before):
            reviews.append(_judged(scope, side, before, sound, staged=tree.commit is None))
    return joined(reviews)


def joined(reviews: Iterable[Review]) -> Review:
    """Return several reviews as one, each problem once."""
    new: list[Problem] = []
    before: list[Problem] = []
    for review in reviews:
        new += [one for one in review.problems if one not in new]
        before += [one for one in review.before if one not in before]
    return Review(tuple(new), tuple(before))


def _refused(tree: Tree) -> list[Problem]:
    """Name the environments that could not be judged: nothing says where their migrations are."""
    return [
        problem(error.id, None, [path], [(path, section)], **error.values)
        for (path, section), error in tree.refused.items()
    ]


def _in_hook(review: Review) -> Review:
    """Let what could not be judged stop nobody, but name it each time."""
    unjudged = [one._replace(warning=True) for part in review for one in part if one.id in UNJUDGED]
    new, before = (tuple(one for one in part if one.id not in UNJUDGED) for part in review)
    return Review((*new, *unjudged), before)


def _told_apart(found: Sequence[Problem], before: Sequence[Problem]) -> Review:
    new = tuple(one for one in found if not one.was_in(before))
    return Review(new, tuple(one for one in found if one not in new and not one.warning))


def _past(parent: Tree, past: Mapping[Key, _Side], key: Key, side: _Side, now: Mapping[Key, _Side]) -> _Side:
    """Return what a parent has of an environment: where it says itself, else where it is now and where others were.

    So a folder of migrations that has moved is none that is new.
    """
    if key in past:
        return past[key]
    gone = [one.files for other, one in past.items() if other not in now]
    files = {path: blob for one in gone for path, blob in one.items()}
    return _Side(side.environment, {**files, **parent.migrations(side.environment.locations)})


def _judged(
    scope: Scope, side: _Side, past: Sequence[_Side], sound: Collection[str], *, staged: bool
) -> Review:
    """Judge an environment; a blob that was there before is valid Python to its end, or was not before either."""
    environment = side.environment
    settings = scope.settings(environment.folder)
    locate = partial(project_in, scope, environment.folder, environment.files)
    there = frozenset().union(*(one.blobs for one in past))
    after = _snapshot(scope.root, environment, side.files, {*there, *sound})
    problems = survey(after, settings)
    before: list[Problem] = []
    for one in past if problems else ():
        earlier = _snapshot(scope.root, environment, _moved(one, side), {*side.blobs, *sound})
        before += survey(earlier, settings, hiding=False)
    found = _told_apart(problems, before)
    brought = _brought(side, after, past) if past and staged else {}
    undoing = _undoing(side, after, brought, locate, settings) if brought else ()
    return found._replace(problems=(*located(found.problems, searcher(locate, settings)), *undoing))


def _brought(side: _Side, after: Snapshot, past: Sequence[_Side]) -> Files:
    """Return the files of the new revisions: of what is only edited or moved a parent has the id."""
    here, there = side.blobs, frozenset().union(*(one.blobs for one in past))
    new = [one for one in after.files if side.files[one.path] not in there]
    changed = {path: blob for one in past for path, blob in one.files.items() if blob not in here}
    ids = {one.revision.id for one in read_blobs(after.root, changed, there)[0]} if new else set()
    return {one.path: side.files[one.path] for one in new if one.revision.id not in ids}


def _undoing(
    side: _Side, after: Snapshot, brought: Files, locate: Callable[[], Project], settings: Settings
) -> Iterable[Problem]:
    """Say which of the new migrations takes back what others did."""
    from .undoing import undoing

    read = git.small_contents(after.root, side.files.values())
    contents = {path: read[blob] for path, blob in side.files.items() if blob in read}
    return undoing(after, brought, contents, locate, settings)


def _snapshot(root: Path, environment: Environment, files: Files, sound: Collection[str]) -> Snapshot:
    found = read_blobs(root, files, sound)
    return Snapshot(root, environment.folder, *found, argv=environment.files.argv)


def _moved(past: _Side, side: _Side) -> Files:
    """Return what was there before, each file where it lies now."""
    new = {blob: path for path, blob in side.files.items() if path not in past.files}
    return {path if path in side.files else new.get(blob, path): blob for path, blob in past.files.items()}
