"""What would git record? The index or a commit → the Alembic projects in it, and each one's migrations."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import git
from ..messages.errors import UserError
from ..migrations.revision import Revision, Unreadable, is_migration_name, read_revision
from ..migrations.sourceless import CACHE, without_source
from ..project.config import TOML
from ..project.errors import BadConfig, ConfigUnreadable, PackageMissing
from ..project.project import USUAL_FOLDER, ConfigFiles, Locations
from ..project.reading import environments, environments_in, ground_at, read_locations, read_project

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Mapping
    from pathlib import Path

    from ..project.locations import Ground


class Defined(NamedTuple):
    """A file and the revision that it defines; `path` is from the top of the checkout."""

    path: str
    revision: Revision


class Environment(NamedTuple):
    """An Alembic environment: the folder of its config, what names it to a command, where its migrations lie."""

    folder: str
    files: ConfigFiles
    locations: Locations


class Broken(NamedTuple):
    """A file from which no revision can be read: `reason` is a stable word, `detail` text for a person."""

    path: str
    reason: str
    detail: str
    content: bytes | None = None  # None if it was not even read

    def may_concern(self, id: str) -> bool:
        """Whether it may define or follow the revision `id`: it says the word, or what it means is not known."""
        if self.content is None or self.reason == "computed-id":
            return True
        return os.fsencode(id) in self.content


class Snapshot(NamedTuple):
    """The migrations of one project at one moment. `borrowed` are ids that git does not record."""

    root: Path  # the top of the checkout
    folder: str  # of the Alembic config, from there
    files: tuple[Defined, ...]
    broken: tuple[Broken, ...]
    borrowed: frozenset[str] = frozenset()
    recorded: bool = True  # these files are the index's or a commit's; else the working tree's
    argv: tuple[str, ...] = ()  # what else names the environment to a command

    @property
    def named(self) -> Mapping[str, Any]:
        """What names the environment in a command, wherever one stands."""
        return {"folder": self.root / self.folder, "words": self.argv}


class Tree:
    """All files of a commit, or of the index: names and blobs, asked of git once."""

    def __init__(self, root: Path, commit: str | None, *, in_hook: bool = False) -> None:
        """Read `commit`, or the index if it is None; `in_hook` the index that git's hook speaks of.

        Raises CommitMissing if there is no such commit.
        """
        self.root = root
        self.commit = commit
        self.refused: dict[tuple[str, str], BadConfig] = {}
        """The configs, and the section in each, that did not tell `projects` where migrations are, and why."""
        if commit is None:
            self.blobs = git.index_files(root, in_hook=in_hook)
        else:
            self.blobs = {path: blob for blob, path in git.files(root, commit)}

    def projects(self, files: ConfigFiles, only: str | None = None) -> Iterator[Environment]:
        """Yield each Alembic environment; those in the folder `only` if one is given.

        Two that have their migrations in common are one. Where git has no config at all, perhaps for the password in
        it, the working tree's counts.
        """
        texts = self._config_texts(files)
        seen: set[Locations] = set()
        for folder in config_folders(texts, files) if only is None else [only]:
            ini, toml = (texts.get(os.path.normpath(os.path.join(folder, name))) for name in files[:2])
            for environment in self._environments(folder, ini, toml, files):
                if environment.locations not in seen:
                    seen.add(environment.locations)
                    yield environment
        if not seen and not self.refused:
            yield from self._unrecorded(files, ["", USUAL_FOLDER] if only is None else [only])

    def _environments(
        self, folder: str, ini: str | None, toml: str | None, files: ConfigFiles
    ) -> Iterator[Environment]:
        """Yield the environments of a config."""
        try:
            all_named = environments(ini, files)
        except BadConfig as error:
            self._refuse(folder, files, error)
            return
        for named in all_named:
            try:
                locations = read_locations(
                    ini, toml, self.root / folder, self.root, named, self._ground(folder)
                )
            except BadConfig as error:
                self._refuse(folder, named, error)
                continue
            if locations:
                yield Environment(folder, named, locations)

    def _refuse(self, folder: str, files: ConfigFiles, error: BadConfig) -> None:
        name = files.toml if error.values.get("path") == TOML else files.ini
        self.refused[os.path.normpath(os.path.join(folder, name)), files.section] = error

    def _ground(self, folder: str) -> Ground:
        """Return where packages are looked for: in this tree, whatever lies on disk."""
        return ground_at(self.root, self.root / folder)._replace(
            has_folder=self._has_folder,
            has_file=lambda path: os.path.relpath(path, self.root) in self.blobs,
            ending_in=lambda tail: [
                self.root / relative_path for relative_path in git.folders_in(tail, self.blobs)
            ],
        )

    def _has_folder(self, folder: Path) -> bool:
        inside = f"{os.path.relpath(folder, self.root)}/"
        return inside == "./" or any(path.startswith(inside) for path in self.blobs)

    def _config_texts(self, files: ConfigFiles) -> dict[str, str]:
        names = tuple(f"/{os.path.basename(name)}" for name in files[:2])
        blobs = {path: blob for path, blob in self.blobs.items() if f"/{path}".endswith(names)}
        content = git.small_contents(self.root, blobs.values())
        texts: dict[str, str] = {}
        for path, blob in blobs.items():
            try:
                texts |= {path: content[blob].decode("utf-8")} if blob in content else {}
            except UnicodeDecodeError as error:
                self.refused[path, ""] = ConfigUnreadable(path, str(error))
        return texts

    def _unrecorded(self, files: ConfigFiles, folders: Iterable[str]) -> Iterator[Environment]:
        for folder in folders:
            for named in environments_in(self.root / folder, files):
                try:
                    project = read_project(self.root, self.root / folder, named, None)
                except PackageMissing as error:
                    self._refuse(folder, named, error)
                    continue
                except UserError:
                    continue
                yield Environment(folder, named, project.locations)

    def migrations(self, locations: Locations) -> dict[str, str]:
        """Return the blob of each file that Alembic would load, by path, in Alembic's order."""
        found: dict[str, str] = {}
        for location in locations.folders:
            prefix = f"{location}/" if location != "." else ""
            inside = sorted(path.removeprefix(prefix) for path in self.blobs if path.startswith(prefix))
            found |= {prefix + path: self.blobs[prefix + path] for path in _loaded(inside, locations)}
        return found


def config_folders(paths: Iterable[str], files: ConfigFiles) -> tuple[str, ...]:
    """Return the folders that these paths of config files belong to: where Alembic would be run."""
    ends = [f"/{os.path.normpath(name)}" for name in files[:2]]
    found = {f"/{path}".removesuffix(end)[1:] for path in paths for end in ends if f"/{path}".endswith(end)}
    return tuple(sorted(found))


def _loaded(paths: Iterable[str], locations: Locations) -> Iterator[str]:
    near = [one for one in paths if locations.recursive or "/" not in one.removeprefix(f"{CACHE}/")]
    compiled = {*without_source(near)} if locations.sourceless else ()
    for relative_path in near:
        source = is_migration_name(os.path.basename(relative_path)) and CACHE not in relative_path.split("/")
        if source or relative_path in compiled:
            yield relative_path


def read_blobs(
    root: Path, blobs: Mapping[str, str], sound: Container[str]
) -> tuple[tuple[Defined, ...], tuple[Broken, ...]]:
    """Read migrations by their paths. The blobs in `sound` are known to be valid Python as a whole."""
    content = git.small_contents(root, blobs.values())
    unread = [blob for blob in blobs.values() if blob not in content]
    here = dict(zip(unread, git.describe(root, unread), strict=True))

    def row(path: str, blob: str) -> Defined | Broken:
        if blob in here and here[blob] is None:  # the repository is damaged, or a partial clone
            return Broken(path, "git-failed", "")
        return read(path, content.get(blob), whole=blob not in sound)

    return told_apart([row(path, blob) for path, blob in blobs.items()])


def told_apart(rows: Collection[Defined | Broken]) -> tuple[tuple[Defined, ...], tuple[Broken, ...]]:
    """Return what could be read, and what could not."""
    files = tuple(row for row in rows if isinstance(row, Defined))
    return files, tuple(row for row in rows if isinstance(row, Broken))


def read(path: str, content: bytes | None, *, whole: bool = True) -> Defined | Broken:
    """Read one migration, None if it is too large: all of it, or only what it declares."""
    if content is None:
        return Broken(path, "too-large", "")
    try:
        return Defined(path, read_revision(content, os.path.basename(path), whole=whole))
    except Unreadable as error:
        return Broken(path, error.reason, error.detail, content)
