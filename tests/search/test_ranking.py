"""Which copy? Pure: what git shows of blobs as literals. True repositories are in test_trust.py and test_replay.py."""

from __future__ import annotations

from alembic_worktrees.git.history import Change
from alembic_worktrees.git.objects import blob_ids
from alembic_worktrees.migrations.record import Origin
from alembic_worktrees.migrations.revision import Revision
from alembic_worktrees.search.ranking import History, meaning, rank
from alembic_worktrees.search.sources import ARCHIVED, COMMITTED, IN_BRANCH, Candidate

B = Revision("b", ("a",), (), ())


def copy(
    content: bytes, trust: int = IN_BRANCH, *, relative_path: str = "b.py", revision: Revision = B
) -> Candidate:
    origin = Origin("ref", content.decode(), "", relative_path)
    return Candidate(revision, content, "versions", relative_path, origin, trust, None)


def history(*steps: tuple[bytes, bytes], relative_path: str = "b.py", wide: bool = False) -> History:
    """What came after what, the newest step first; b"" is no file."""
    length = 64 if wide else 40
    blobs = [
        tuple(next(id for id in blob_ids(text) if len(id) == length) if text else "" for text in step)
        for step in steps
    ]
    changes = [Change(str(number), f"versions/{relative_path}", *blob) for number, blob in enumerate(blobs)]
    return History(changes)


def order(candidates: list[Candidate], shown: History) -> list[bytes]:
    return [one.content for one in rank(candidates, lambda: shown)]


def asked_nothing() -> History:
    raise AssertionError


def test_the_later_one_also_through_versions_that_nobody_has() -> None:
    old, new = copy(b"1", COMMITTED), copy(b"3")
    for wide in (False, True):
        steps = history((b"2", b"3"), (b"1", b"2"), (b"", b"1"), wide=wide)
        assert order([old, new], steps) == [b"3", b"1"]
    assert order([copy(b"x\r\n", COMMITTED), new], history((b"x\n", b"3"))) == [b"3", b"x\r\n"]
    assert order([old, new], history((b"2", b"3"), (b"1", b"2"), relative_path="other.py")) == [b"1", b"3"]


def test_where_git_shows_both_ways_the_newest_commit_decides_among_the_equally_trusted() -> None:
    there_and_back = history((b"2", b"1"), (b"1", b"2"))
    assert order([copy(b"2"), copy(b"1")], there_and_back) == [b"1", b"2"]
    assert order([copy(b"2", COMMITTED), copy(b"1")], there_and_back) == [b"2", b"1"]


def test_git_is_not_asked_where_it_decides_nothing() -> None:
    ran = copy(b"1", ARCHIVED)
    assert rank([copy(b"2", COMMITTED), ran], asked_nothing)[0] == ran
    same = [copy(b"1"), copy(b"1", COMMITTED)]
    assert rank(same, asked_nothing) == same[::-1]
    assert rank([*same, ran], asked_nothing)[0].trust == COMMITTED  # it has what ran, and can be followed


def test_what_is_the_same_for_alembic() -> None:
    merge = Revision("m", ("a", "b"), (), ("x", "y"))
    turned = merge._replace(down_revisions=("b", "a"), branch_labels=("y", "x"))
    assert meaning(copy(b"1", revision=merge)) == meaning(copy(b"2", revision=turned))
    for other in ({"depends_on": ("a",)}, {"branch_labels": ()}, {"down_revisions": ("a",)}):
        assert meaning(copy(b"1", revision=merge)) != meaning(copy(b"1", revision=merge._replace(**other)))
    computed = merge._replace(opaque=True)
    assert meaning(copy(b"1", revision=computed)) != meaning(copy(b"2", revision=computed))
