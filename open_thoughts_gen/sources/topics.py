"""A tree of topics that a model grows: seeds for `write` with `how: topic`.

    use: write
    how: topic
    model: deepseek/deepseek-flash
    seeds:
      use: topics
      model: deepseek/deepseek-flash
      roots: [contract law, tort]
      num: 200
      keep: topics.json

Level by level the model names the parts of each topic, beside those that are there already, until there are `num`
topics without parts, or the tree is `depth` levels deep. Each of these is a seed, with all that it is a part of:
`contract law > formation > offers by conduct`. They come from all branches in turn, so that the first few cover the
whole. What nearly repeats another topic of the tree is left out.

`keep` is the file that the tree is written to when it has grown. If it is there already, it is read and no model is
asked: so people can look at a tree, change it, and share it between recipes. With the response cache a tree comes out
the same each time anyway. A topic whose call fails stays without parts, and a row of the dropped ones says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import Field, PrivateAttr
from rapidfuzz import fuzz, process

from open_thoughts_gen import text
from open_thoughts_gen.chat import Reply
from open_thoughts_gen.chat.polling import MATERIAL, AsksModel, FormCall, NoValue, Poll, coded_objects
from open_thoughts_gen.chat.quoting import code_of, quote
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.money.budget import WRITER
from open_thoughts_gen.plugin import Source
from open_thoughts_gen.plugin.scales import Scales
from open_thoughts_gen.types import DropReason, Question

TopicPath: TypeAlias = tuple[str, ...]
Tree: TypeAlias = dict[str, "Tree"]
JOINT = " > "
MAX_LENGTH = 200  # characters of a topic
_INSTRUCTIONS = """\
You plan what a collection of examination questions covers. Name {num} parts of the topic below that together cover as \
much of it as possible, each narrower than it, in one to eight words. They must not overlap, nor repeat a topic of the \
list beside it.

{material}

Reply with one JSON object and nothing else:
{{"topics": ["..."], "code": "{code}"}}"""


class Topics(AsksModel, Source):
    """Has a model divide topics into narrower ones, and gives those that are not divided any further."""

    roots: tuple[str, ...] = Field(min_length=1, description="the topics to begin with")
    num: Annotated[int, Scales()] = Field(
        default=100, ge=1, description="how many topics to grow; no level is begun when there are as many"
    )
    branches: int = Field(default=6, ge=2, le=50, description="how many parts to ask for, of each topic")
    depth: int = Field(default=3, ge=1, le=10, description="the most levels below the roots")
    near: float = Field(default=90.0, ge=50, le=100, description="leave out a topic this similar (Indel) to another")
    keep: str = Field(
        default="", description="JSON file that the tree is written to, from the recipe's folder; read if it is there"
    )
    domain: str = Field(default="general", description="the domain of the topics")
    license: str = Field(default="", description="the license of the topics")
    _tree: Tree | None = PrivateAttr(default=None)
    _failures: list[DropReason] = PrivateAttr(default_factory=list)

    @property
    def usual_license(self) -> str:
        """The license that the recipe gives."""
        return self.license

    @property
    def inputs(self) -> Sequence[Path]:
        """The file of the tree, if it is there."""
        return (self._file,) if self.keep and self._file.is_file() else ()

    @property
    def _file(self) -> Path:
        return self._context.folder / self.keep

    def start(self) -> None:
        """Check that there is an API key, unless the tree is there already.

        Raises:
            UserError: the provider needs a key and none is set, or the file cannot be read.

        """
        if self.inputs:
            self._tree = read_tree(self._file)
        else:
            self.begin()

    def questions(self) -> Iterator[Question | DropReason]:
        """Yield the topics, of all parts of the tree in turn, and before them which could not be divided."""
        if self._tree is None:
            self._tree = self.grow()
        yield from self._failures
        for path in leaves(self._tree)[: self.num]:
            meta = {"topic": path[-1], "topic_path": list(path)}
            yield Question(JOINT.join(path), None, self.domain, f"topics:{path[0]}", self.license, meta)

    def grow(self) -> Tree:
        """Return the tree as the model divides its topics, and write it to its file."""
        tree: Tree = {root.strip(): {} for root in self.roots}
        level: list[TopicPath] = [(root,) for root in tree]
        every = [text.normalise(root) for root in tree]
        for _ in range(self.depth):
            if len(leaves(tree)) >= self.num or not level:
                break
            answers, grown = self._ask(level, tree), list[TopicPath]()
            for index, path in enumerate(level):
                answer = answers[index]
                if isinstance(answer, NoValue):
                    self._failures.append(DropReason(f"topic not divided: {answer.kind}", JOINT.join(path)))
                    continue
                parts = [topic for topic in answer if self._is_new(topic, every)]
                node(tree, path).update({topic: {} for topic in parts})
                grown += [(*path, topic) for topic in parts]
            level = grown
        if self.keep and not self._failures:
            write_tree(self._file, tree)
        return tree

    def _is_new(self, topic: str, every: list[str]) -> bool:
        """Return whether no topic of the tree is nearly the same; then it is remembered."""
        folded = text.normalise(topic)
        is_new = process.extractOne(folded, every, scorer=fuzz.ratio, score_cutoff=self.near) is None
        every += [folded] if is_new else []
        return is_new

    def _ask(self, level: Sequence[TopicPath], tree: Tree) -> dict[int, list[str] | NoValue]:
        """Return for each topic of a level the parts that the model names."""
        poll: Poll[int, list[str]] = Poll(
            self,
            form=lambda index, secret: self.call(level[index], tree, secret=secret),
            read=self._read,
            known_by=lambda index: hash((self.model, self.branches, level[index])),
        )
        context = self._context
        arriving = poll.values(range(len(level)), cache=context.cache, run=context.run, meter=context.meter(WRITER))
        with closing(arriving):
            return dict(arriving)

    def call(self, path: TopicPath, tree: Tree, *, secret: bytes = b"") -> FormCall:
        """Return what is asked about one topic."""
        beside = [topic for topic in node(tree, path[:-1]) if topic != path[-1]]
        quoted = {"TOPIC": JOINT.join(path), "BESIDE IT": "\n".join(beside or ["nothing"])}
        code = code_of(*quoted.values(), secret=secret)
        instructions = _INSTRUCTIONS.format(num=self.branches, material=MATERIAL.format(code=code), code=code)
        messages = [
            {"role": "system", "content": instructions},
            {"role": "user", "content": "\n\n".join(quote(name, each, code) for name, each in quoted.items())},
        ]
        members = {"topics": {"type": "array", "items": {"type": "string"}}, "code": {"type": "string"}}
        return self.form(messages, members, name="topics", code=code)

    def _read(self, reply: Reply, code: str) -> list[str] | str:
        """Return the topics in a reply, or why it cannot be read."""
        lists = [each for one in coded_objects(reply, code) if isinstance(each := one.get("topics"), list)]
        if len(lists) != 1:
            return "it holds no JSON object with `topics` and that code" if not lists else "it holds several lists"
        topics = [" ".join(each.split()) for each in lists[0] if isinstance(each, str) and each.strip()]
        return [each for each in topics if len(each) <= MAX_LENGTH][: self.branches] or "no topic in it is text"


def node(tree: Tree, path: TopicPath) -> Tree:
    """Return the parts of a topic."""
    for topic in path:
        tree = tree[topic]
    return tree


def leaves(tree: Tree) -> list[TopicPath]:
    """Return the topics without parts, one of each branch in turn, so that the first few cover the whole tree."""
    branches = [[(topic, *path) for path in leaves(parts)] if parts else [(topic,)] for topic, parts in tree.items()]
    return [path for turn in zip_longest(*branches) for path in turn if path is not None]


def write_tree(path: Path, tree: Tree) -> None:
    """Write a tree as JSON: each topic with its parts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(tree, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)


def read_tree(path: Path) -> Tree:
    """Return a tree that was written.

    Raises:
        UserError: the file holds no tree.

    """
    hint = 'write {"topic": {"part": {}, "another part": {}}}'
    try:
        tree: Tree = json.loads(path.read_text(encoding="utf-8"))
        if not tree or not _is_tree(tree):
            raise UserError(Fault("this is not a tree of topics", str(path), hint))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(Fault(f"the tree of topics cannot be read: {error}", str(path), hint)) from error
    return tree


def _is_tree(tree: object) -> bool:
    return isinstance(tree, dict) and all(topic.strip() and _is_tree(parts) for topic, parts in tree.items())
