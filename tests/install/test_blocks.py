"""Our block in files of others: it comes and goes without a trace, and what it stands in stays what it was."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pre_commit.clientlib import (  # type: ignore[import-untyped, unused-ignore]
    InvalidConfigError,
    load_config,
)

from alembic_worktrees.install.blocks import (
    BEGIN,
    END,
    has_block,
    with_hook,
    with_repo,
    without_block,
    without_repo,
)
from alembic_worktrees.install.hook_scripts import HOOKS, pre_commit_item
from alembic_worktrees.install.installed import Installed
from strategies import damaged

if TYPE_CHECKING:
    from strategies import ForAll

WAYS = {
    "index": Installed("index", "1.0.0"),
    "folder": Installed("folder", "/home/dev/alembic-worktrees"),
    "git": Installed("git", "https://example.org/alembic-worktrees.git", "0123456789abcdef" * 2 + "01234567"),
}
REPO = pre_commit_item(WAYS["index"])
OURS = yaml.safe_load(REPO)[0]
MANIFEST = Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml"
RUFF = "- repo: https://github.com/astral-sh/ruff-pre-commit\n  rev: v0.9.0\n  hooks:\n  - id: ruff\n"

CONFIGS = {
    "plain": "repos:\n" + RUFF,
    "indented": "repos:\n  - repo: local\n    hooks:\n      - id: a\n        name: a\n        entry: a\n"
    "        language: system\n",
    "deep": "repos:\n    -   repo: https://example.org/a\n        rev: v1\n        hooks:\n        -   id: a\n",
    "comments": "# Ours\n\nrepos: # all of them\n# ruff first\n"
    + RUFF
    + "# - repo: disabled\n\n# for the robot\n",
    "comment in item": "repos:\n" + RUFF + "    args: [a]\n    # args: [b]\n",
    "trailing keys": "repos:\n" + RUFF + "\n# about ci\nci:\n  skip: [ruff]\nexclude: ^docs/\n",
    "leading keys": "---\ndefault_stages: [pre-commit]\nminimum_pre_commit_version: 3.2.0\nrepos:\n" + RUFF,
    "empty": "repos: []\n",
    "empty with comment": "repos: []  # none yet\nexclude: ^docs/\n",
    "empty without end": "repos: []",
    "empty in the middle": "fail_fast: true\nrepos: []\n\n# about ci\nci:\n  skip: []\n",
    "crlf": ("repos:\n" + RUFF + "ci:\n  skip: [ruff]\n").replace("\n", "\r\n"),
    "crlf empty": "repos: []\r\n",
    "no final line break": "repos:\n" + RUFF.rstrip("\n"),
    "crlf, no final line break": ("repos:\n" + RUFF.rstrip("\n")).replace("\n", "\r\n"),
    "many empty lines at the end": "repos:\n" + RUFF + "\n\n\n",
    "spaces at line ends": "repos:   \n" + RUFF.replace("\n", "  \n"),
    "anchors": "x: &files ^src/\nrepos: &all\n- &ruff\n  repo: https://example.org/a\n  rev: v1\n  hooks:\n"
    "  - id: a\n    files: *files\n",
    "dash alone": "repos:\n-\n  repo: https://example.org/a\n  rev: v1\n  hooks:\n  - id: a\n",
    "flow items": "repos:\n  - {repo: https://example.org/a, rev: v1, hooks: [{id: a}]}\n",
    "block scalar": "repos:\n- repo: local\n  hooks:\n  - id: a\n    name: a\n    language: system\n"
    "    entry: |\n      repos:\n      # not a comment\n\n",
    "é": "# déjà là\nrepos:\n" + RUFF,
    "document end": "---\nrepos:\n" + RUFF + "...\n",
    "quoted": '"repos":\n' + RUFF,
    "a line break of its own": "repos:\n- repo: a\n  rev: a\n  hooks:\r  - id: a\n",
}

# What we do not understand is for a person.
NOT_OURS = {
    "no repos": "exclude: ^docs/\n",
    "nothing": "",
    "null": "repos:\n",
    "flow": "repos: [{repo: a}]\n",
    "several lines of flow": "repos: [\n  {repo: a},\n]\n",
    "spaced": "repos: [ ]\n",
    "twice": "repos:\n" + RUFF + "repos:\n" + RUFF,
    "a mapping": "repos:\n  a: b\n",
    "kept line breaks": "repos:\n- repo: local\n  hooks:\n  - id: a\n    name: a\n    language: system\n"
    "    entry: |+\n      x\n\n\n# end\n",
}


def repos(text: str) -> list[Any]:
    loaded: list[Any] = yaml.safe_load(text)["repos"]
    return loaded


@pytest.mark.parametrize("text", CONFIGS.values(), ids=CONFIGS)
def test_config_gets_one_more_item_and_gives_it_back(text: str, tmp_path: Path) -> None:
    after = with_repo(text, REPO)
    assert after is not None
    assert yaml.safe_load(after) == {**yaml.safe_load(text), "repos": [*repos(text), OURS]}
    assert without_repo(after) == text
    assert with_repo(after, REPO) == after
    assert ("\r\n" in after) == ("\r\n" in text)
    path = tmp_path / ".pre-commit-config.yaml"
    path.write_bytes(after.encode())
    load_config(path)


@pytest.mark.parametrize("text", NOT_OURS.values(), ids=NOT_OURS)
def test_a_form_we_do_not_understand_is_left_to_a_person(text: str) -> None:
    assert with_repo(text, REPO) is None
    assert without_repo(text) == text


def test_the_comment_before_the_next_key_stays_with_it() -> None:
    after = with_repo(CONFIGS["trailing keys"], REPO)
    assert after is not None
    assert f"{END}\n\n# about ci\nci:\n" in after


def test_an_item_that_somebody_wrote_is_not_doubled() -> None:
    text = (
        "repos:\n- repo: https://example.org/alembic-worktrees\n  rev: v1\n  hooks:\n  - id: alembic-check\n"
    )
    assert with_repo(text, REPO) == text


@pytest.mark.parametrize(
    "name", ["plain", "indented", "empty", "crlf", "no final line break", "trailing keys"]
)
def test_the_item_of_another_installation_is_renewed(name: str) -> None:
    first = with_repo(CONFIGS[name], REPO)
    assert first is not None
    text = first
    for way in ("git", "folder", "index"):
        after = with_repo(text, pre_commit_item(WAYS[way]))
        assert after is not None
        assert after != text
        assert without_repo(after) == CONFIGS[name]
        text = after
    assert text == first


@pytest.mark.parametrize("way", WAYS)
def test_the_item_has_the_hooks_that_others_get_from_git(way: str) -> None:
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    (item,) = yaml.safe_load(pre_commit_item(WAYS[way]))
    assert [hook["id"] for hook in item["hooks"]] == [hook["id"] for hook in manifest]
    if way == "git":
        assert (item["repo"], item["rev"]) == WAYS[way][1:]
        return
    ignored = ("description", "minimum_pre_commit_version", "language", "additional_dependencies")
    for ours, theirs in zip(item["hooks"], manifest, strict=True):
        assert {k: v for k, v in ours.items() if k not in ignored} == {
            k: v for k, v in theirs.items() if k not in ignored
        }
        assert ours["language"] == {"index": "python", "folder": "system"}[way]
        assert ours.get("additional_dependencies") == (
            ["alembic-worktrees==1.0.0"] if way == "index" else None
        )


def test_a_list_that_holds_only_ours_is_written_as_empty() -> None:
    after = with_repo("repos:\n" + RUFF + "ci:\n  skip: []\n", REPO)
    assert after is not None
    assert without_repo(after.replace(RUFF, "")) == "repos: []\nci:\n  skip: []\n"


# generated configs

words = st.text("abcxyz #'\"&*", min_size=0, max_size=8)
comments = words.map(lambda word: f"# {word}")


@st.composite
def configs(draw: st.DrawFn) -> str:
    lines = draw(st.lists(st.one_of(st.just(""), comments, st.just("exclude: ^a/")), max_size=2, unique=True))
    indent = " " * draw(st.integers(0, 4))
    gap = " " * draw(st.integers(1, 3))
    lines.append("repos:" + draw(st.sampled_from(["", " ", "  # all"])))
    for number in range(draw(st.integers(1, 3))):
        inner = f"{indent} {gap}"
        lines += [f"{indent}-{gap}repo: r{number}", f"{inner}hooks:", f"{inner}- id: h{number}"]
        if draw(st.booleans()):
            lines.append(f"{inner}  args: ['{draw(st.text('ab# :-', max_size=5))}']")
        lines += draw(
            st.lists(st.one_of(st.just(""), st.just("   "), comments.map(indent.__add__)), max_size=2)
        )
    if draw(st.booleans()):
        lines += ["ci:", "  skip:", "  - h0"]
    text = draw(st.sampled_from(["\n", "\r\n"])).join(lines)
    return text + draw(st.sampled_from(["", "\n", "\r\n"])) if "\r\n" not in text else text + "\r\n"


@given(configs())
def test_any_config_stays_what_it_was(text: str) -> None:
    before = yaml.safe_load(text)
    after = with_repo(text, REPO)
    assert after is not None
    assert yaml.safe_load(after) == {**before, "repos": [*before["repos"], OURS]}
    assert without_repo(after) == text
    assert with_repo(after, REPO) == after


@given(st.text())
def test_any_text_is_left_or_comes_back(text: str) -> None:
    for after, back in ((with_repo(text, REPO), without_repo), (with_hook(text, "x\n"), without_block)):
        assert after is None or back(after) == text


def test_a_damaged_config_stays_what_it_was_or_is_left(for_all: ForAll) -> None:
    """Whatever YAML is made of it: one more item of the list and nothing else, every byte to be had back."""

    def check(content: bytes) -> None:
        text = content.decode("utf-8", "surrogateescape")
        after = with_repo(text, REPO)
        if after in (None, text):
            return
        assert after is not None
        assert without_repo(after) == text
        with suppress(yaml.YAMLError, ValueError):  # what YAML does not take is broken before and after
            before = yaml.safe_load(text)
            assert yaml.safe_load(after) == {**before, "repos": [*before["repos"], OURS]}

    real = st.sampled_from([text.encode() for text in CONFIGS.values()]) | configs().map(str.encode)
    for_all(damaged(real), check, corner=300, full=30_000)


# hooks

SCRIPTS = {
    "sh": "#!/bin/sh\necho here\n",
    "env bash": "#!/usr/bin/env bash\nset -e\nexec ./other\n",
    "env -S": "#!/usr/bin/env -S bash -e\nexit 0\n",
    "homebrew": "#!/opt/homebrew/bin/bash\n:\n",
    "nix": "#!/run/current-system/sw/bin/zsh -f\n:\n",
    "options": "#! /bin/sh -eu\n:\n",
    "no final line break": "#!/bin/sh\necho here",
    "only the first line": "#!/bin/sh",
    "crlf": "#!/bin/sh\r\necho here\r\n",
    "here-document": "#!/bin/sh\ncat <<E\n# >>> no\nE\n",
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("body", HOOKS.values(), ids=HOOKS)
def test_hook_gets_a_block_and_gives_it_back(text: str, body: str) -> None:
    after = with_hook(text, body)
    assert after is not None
    assert after.startswith(text.split("\n")[0])
    assert without_block(after) == text
    assert with_hook(after, body) == after
    assert with_hook(with_hook(text, "old\n"), body) == after


@pytest.mark.parametrize(
    "text",
    ["#!/usr/bin/env python3\n", "#!/usr/bin/perl\n", "#!/usr/bin/env fish\n", "echo\n", "", "\x7fELF"],
)
def test_hook_of_another_kind_is_left_to_a_person(text: str) -> None:
    assert with_hook(text, "x") is None


def test_a_torn_block_takes_nothing_of_others_with_it() -> None:
    torn = f"#!/bin/sh\n{BEGIN}\nold\necho theirs\n"
    after = with_hook(torn, "x\n")
    assert after is not None
    assert without_block(after) == torn
    assert not has_block(f"{END}\n{BEGIN}\n")


def test_config_that_pre_commit_refuses_is_noticed(tmp_path: Path) -> None:
    """The judge of the tests above can say no."""
    path = tmp_path / ".pre-commit-config.yaml"
    path.write_text("repos:\n- repo: local\n  hooks: 1\n")
    with pytest.raises(InvalidConfigError):
        load_config(path)
