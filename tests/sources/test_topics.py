"""A tree of topics, grown on the loopback server, kept in a file, and used as seeds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.topics import Topics, leaves
from open_thoughts_gen.sources.write import Write
from open_thoughts_gen.types import DropReason, Question
from tests.servers.chat_server import ChatServer, Fault, completion
from tests.servers.judging import Body, naming, writing
from tests.sources.test_write import code_in

TREE: dict[str, Any] = {"law": {"tort": {}, "contract": {"offer": {}, "breach": {}}}, "logic": {}}


def topics(server: ChatServer, folder: Path, **changes: Any) -> Topics:
    context = Context(folder=folder, cache=folder / "responses.sqlite")
    settings = {"model": server.spec, "roots": ["law", "logic"], "branches": 3, "max_retries": 0, **changes}
    return Topics.model_validate(settings).fresh(context)


def prompts(drawn: list[Question | DropReason]) -> list[str]:
    return [each.prompt for each in drawn if isinstance(each, Question)]


def test_it_grows_by_levels_until_there_are_enough(tmp_path: Path) -> None:
    with ChatServer(answer=naming) as server:
        two = list(topics(server, tmp_path, num=5).questions())
        assert len(server.asked) == 2
        many = list(topics(server, tmp_path, num=10).questions())
        assert len(server.asked) == 2 + 6  # the first level is in the cache
    assert [prompt.count(" > ") for prompt in prompts(two)] == [1] * 5
    assert [prompt.count(" > ") for prompt in prompts(many)] == [2] * 10
    assert [prompt.split()[0] for prompt in prompts(many)] == ["law", "logic"] * 5
    assert len({tuple(prompt.split(" > ")[:2]) for prompt in prompts(many)[:6]}) == 6


def test_what_repeats_a_topic_is_left_out_and_the_model_sees_what_is_beside(tmp_path: Path) -> None:
    def repeating(body: Body) -> object:
        return completion(
            json.dumps({"topics": ["Torts of all kinds", "torts  of all kind", " "], "code": code_in(body)})
        )

    with ChatServer(answer=repeating) as server:
        drawn = list(topics(server, tmp_path, num=9).questions())
        assert "logic" in server.asked[0].body["messages"][1]["content"]
    assert prompts(drawn) == ["law > Torts of all kinds", "logic"]


def test_the_tree_is_kept_and_people_may_change_it(tmp_path: Path) -> None:
    with ChatServer(answer=naming) as server:
        grown = list(topics(server, tmp_path, keep="trees/law.json").questions())
        num = len(server.asked)
        again = topics(server, tmp_path, keep="trees/law.json", temperature=1)
        assert list(again.questions()) == grown
        assert [path.name for path in again.inputs] == ["law.json"]
        (tmp_path / "trees" / "law.json").write_text(json.dumps(TREE))
        changed = list(topics(server, tmp_path, keep="trees/law.json").questions())
        assert len(server.asked) == num
    assert prompts(changed) == ["law > tort", "logic", "law > contract > offer", "law > contract > breach"]


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"law": 3}', '{"": {}}'])
def test_a_file_that_holds_no_tree(content: str, tmp_path: Path) -> None:
    (tmp_path / "tree.json").write_text(content)
    with ChatServer(answer=naming) as server, pytest.raises(UserError, match="tree"):
        topics(server, tmp_path, keep="tree.json")


def test_a_failed_call_leaves_its_topic_undivided_and_nothing_is_kept(tmp_path: Path) -> None:
    with ChatServer(answer=naming, fault=lambda prompt, number: Fault(status=500)) as server:
        drawn = list(topics(server, tmp_path, keep="tree.json").questions())
    assert prompts(drawn) == ["law", "logic"]
    assert [each for each in drawn if isinstance(each, DropReason)] == [
        DropReason("topic not divided: failed", topic) for topic in ("law", "logic")
    ]
    assert not (tmp_path / "tree.json").exists()


def test_topics_are_seeds_of_writing(tmp_path: Path) -> None:
    def both(body: Body) -> object:
        return naming(body) if re.search("Name \\d+ parts", body["messages"][0]["content"]) else writing(body)

    with ChatServer(answer=both) as server:
        seeds = {"use": "topics", "model": server.spec, "roots": ["law"], "branches": 3, "depth": 1}
        written = Write.model_validate({"how": "topic", "model": server.spec, "seeds": seeds, "domain": "law"})
        context = Context(cache=tmp_path / "responses.sqlite")
        drawn = list(islice(written.fresh(context).questions(), 6))
    asked = [each.body["messages"][1]["content"] for each in server.asked]
    assert sum("law > " in content for content in asked) >= 2
    assert all(isinstance(each, Question) and each.domain == "law" for each in drawn)


def test_leaves_come_from_all_branches_in_turn() -> None:
    tree: Mapping[str, Any] = {"a": {"b": {}, "c": {"d": {}, "e": {}}}, "f": {"g": {}}}
    assert leaves(dict(tree)) == [("a", "b"), ("f", "g"), ("a", "c", "d"), ("a", "c", "e")]
