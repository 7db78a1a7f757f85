"""What the proof says of templates equals what was measured with the trainers' own renderers (`recorded.yaml`).

The templates of Apache-2.0 models lie in `templates/`; the others are third parties' and are read where they are
installed: in the package `trl`, or in the folder `$OPEN_THOUGHTS_TEMPLATES`, with one folder for each collection.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from open_thoughts_gen.export.proof import Skeleton, one_by_one, skeleton_of
from open_thoughts_gen.export.templates import ChatTemplate, RenderError, load_template
from open_thoughts_gen.text.turns import STYLES, Chat, Style, Turn

HERE = Path(__file__).parent
RECORDED = yaml.safe_load((HERE / "recorded.yaml").read_text("utf-8"))
WHOLE = ("trl-1.16/transformers-5.24", "trl-1.16/transformers-4.57", "axolotl", "unsloth")
ONE: Chat = (Turn("user", "Q"), Turn("assistant", "A", "R"))
TWO: Chat = (*ONE, *ONE)


def folders(collection: str) -> Iterator[Path]:
    name = collection.partition("-")[0]
    if "OPEN_THOUGHTS_TEMPLATES" in os.environ:
        yield Path(os.environ["OPEN_THOUGHTS_TEMPLATES"]) / name
    if name == "trl":
        yield HERE / "templates"
        spec = importlib.util.find_spec("trl")
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin).parent / "chat_templates"


def template(collection: str, name: str, *, aliases: bool = True) -> ChatTemplate:
    files = (folder / f"{name}.jinja" for folder in folders(collection))
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        pytest.skip(f"the templates of {collection} are not at hand")
    return load_template(str(file), aliases=aliases)


def cell(skeleton: Skeleton, *, shows_mask: bool) -> str:
    """Return a skeleton in the words of the record."""
    if any("refuses" in fault for fault in skeleton.faults):
        return "refused"
    words = ["".join("R" if count == 1 else "-" if count == 0 else str(count) for count in skeleton.reasoning)]
    words += ["no response"] if 0 in skeleton.responses else []
    words += ["empty"] if any("empty block" in fault for fault in skeleton.faults) else []
    words += [f"mask:{''.join(skeleton.mask)}"] if skeleton.mask and shows_mask else []
    return " ".join(words)


@pytest.mark.parametrize(
    ("collection", "name"), [(collection, name) for collection in WHOLE for name in RECORDED[collection]]
)
def test_whole_chats(collection: str, name: str) -> None:
    recorded = RECORDED[collection][name]
    if recorded[0] == "refused" and name.startswith("_"):
        pytest.skip("not a template of jinja2")
    source = template(collection, name, aliases=not collection.endswith("4.57"))
    cells = [
        cell(skeleton_of(source, chat, style), shows_mask="mask" in recorded[0])
        for chat in (ONE, TWO)
        for style in STYLES
    ]
    assert cells == recorded


@pytest.mark.parametrize("name", RECORDED["slice"])
def test_what_follows_the_prompt(name: str) -> None:
    source = template("trl", name)
    for style, recorded in RECORDED["slice"][name].items():
        skeleton = skeleton_of(source, ONE, style, "slice")
        prefix = "no prefix" if "the prompt is not a prefix" in skeleton.faults else "prefix"
        assert f"{prefix} {'R' if skeleton.reasoning == (1,) else '-'}" == recorded


@pytest.mark.parametrize("name", RECORDED["lone"])
def test_messages_rendered_alone(name: str) -> None:
    source = template("trl", name)
    style: Style
    for style, recorded in RECORDED["lone"][name].items():
        whole = source.render([turn.message(style) for turn in ONE]).text
        try:
            alone = source.render([ONE[1].message(style)]).text
            together = one_by_one(source, ONE, style, before=source.tokens["bos_token"])
        except RenderError:
            assert recorded == "refused"
            continue
        states = "".join("R" if "R" in said(text) else "-" for text in (alone, whole))
        assert f"{states} {'same' if together == whole else 'other'}" == recorded


def said(text: str) -> Any:
    """Return the lines that are no more than a letter, and letters beside a mark: where the texts of `ONE` stand."""
    return set(text.replace("<", "\n<").replace(">", ">\n").split("\n"))
