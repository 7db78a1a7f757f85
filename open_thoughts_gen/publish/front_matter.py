"""The card's front matter: what the Hub reads of a dataset before anybody reads the card.

Everything that can be computed is: the size bucket, the splits, their bytes, the features. Written by PyYAML from plain
values, so that no title or tag can break out of its place.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from open_thoughts_gen.publish.columns import Column, yaml_features
from open_thoughts_gen.publish.hub_rules import TAGS, size_category
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.version import VERSION

CURATOR = "curator"
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


@dataclass(frozen=True, slots=True)
class Split:
    """One split of a config; bytes are of Arrow memory."""

    name: str
    num_rows: int
    num_bytes: int


@dataclass(frozen=True, slots=True)
class Config:
    """One config as it was written: `folder` holds its shards, `download_size` is the bytes of the files."""

    name: str
    folder: str
    columns: tuple[Column, ...]
    splits: tuple[Split, ...]
    download_size: int

    @property
    def num_rows(self) -> int:
        """How many rows all splits have."""
        return sum(split.num_rows for split in self.splits)

    @property
    def num_bytes(self) -> int:
        """What all splits take in Arrow memory."""
        return sum(split.num_bytes for split in self.splits)


def front_matter(recipe: Recipe, configs: Sequence[Config]) -> str:
    """Return the front matter with its two `---` lines; the first config is the default."""
    head = {
        **recipe_head(recipe),
        "size_categories": [size_category(configs[0].num_rows)],
        "configs": [
            {
                "config_name": config.name,
                "data_files": [
                    {"split": split.name, "path": f"{config.folder}/{split.name}-*"} for split in config.splits
                ],
                **({"default": True} if config is configs[0] else {}),
            }
            for config in configs
        ],
        "dataset_info": [
            {
                "config_name": config.name,
                "features": yaml_features(config.columns),
                "splits": [
                    {"name": split.name, "num_bytes": split.num_bytes, "num_examples": split.num_rows}
                    for split in config.splits
                ],
                "download_size": config.download_size,
                "dataset_size": config.num_bytes,
            }
            for config in configs
        ],
    }
    return f"---\n{as_yaml(head)}---\n"


def recipe_head(recipe: Recipe) -> dict[str, Any]:
    """Return the part of the front matter that the recipe alone decides."""
    publish = recipe.publish
    return {
        "license": publish.license,
        "language": list(publish.language),
        "pretty_name": one_line(publish.title),
        "tags": list(dict.fromkeys([*TAGS, *([CURATOR] if taught_by_curator(recipe) else []), *publish.tags])),
        "task_categories": list(publish.task_categories),
        "annotations_creators": ["machine-generated"],
    }


def as_yaml(head: Mapping[str, Any]) -> str:
    """Return keys of the front matter as they are written."""
    return yaml.safe_dump(dict(head), sort_keys=False, allow_unicode=True, width=10**6)


def taught_by_curator(recipe: Recipe) -> bool:
    """Return whether the answers came through curator, whose tag and badge the dataset then has."""
    return recipe.teacher.use == CURATOR


def repository(recipe: Recipe) -> str:
    """Return the dataset's full name on the Hub, empty if the recipe does not name the owner."""
    return recipe.publish.repo if "/" in recipe.publish.repo else ""


def load_name(recipe: Recipe, command: str) -> str:
    """Return the argument of `load_dataset` on the card: the dataset's full name, or its folder while it has none."""
    return repository(recipe) or local_name(recipe.name, command)


def local_name(name: str, command: str) -> str:
    """Return where a recipe's dataset is written: where the command that made it says, or by default."""
    words = shlex.split(command)
    folder = words[words.index("--out") + 1] if "--out" in words[:-1] else f"runs/{name}"
    return f"{folder}/dataset"


def rebuild_from_hub(repo: str, *, questions: bool) -> str:
    """Return the commands that make a dataset again from what is in its repository: the recipe, and any `questions`."""
    files = "--include recipe.yaml --include 'questions/*'" if questions else "recipe.yaml"
    return (
        f"pip install open-thoughts-gen=={VERSION}\n"
        f"hf download {repo} {files} --repo-type dataset --local-dir .\n"
        "python -m open_thoughts_gen run recipe.yaml"
    )


def rebuild_here(folder: str) -> str:
    """Return the same while the dataset is in a folder alone; a push puts the commands above in its place."""
    return shlex.join(["python", "-m", "open_thoughts_gen", "run", f"{folder}/recipe.yaml"])


def one_line(text: str) -> str:
    """Return text on one line, without characters that control it or turn its direction."""
    return " ".join(_INVISIBLE.sub("", " ".join(text.split())).split())
