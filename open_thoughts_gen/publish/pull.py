"""A dataset brought back from the Hub into a run folder, whole or not at all.

    runs/NAME/
      recipe.yaml   the recipe that was published, where one was
      run.json      from where it came, at which commit, how many rows it has
      dataset/      exactly what is on the Hub: the card, the rows, Croissant, the figures

So whatever reads run folders reads it: `verify`, `compare`, `diff`, `explain`, `export`, `doctor`. It is not trusted as
a run that was made here: its rows and its recipe can name no code of other packages, and it is not pushed again. What a
push left there it lists with its digests, by which a file that was changed or damaged since is noticed. Not covered:
what was left out of the dataset, which is never published.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.publish.doctor import Dataset
from open_thoughts_gen.publish.folder import MADE_BY, PULLED, file_errors_as_faults, read_run, replacing
from open_thoughts_gen.publish.hub import fetch
from open_thoughts_gen.publish.push_plan import CARD, MANIFEST, digest_of

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pulled:
    """A dataset that was fetched: its commit, its rows, and the files that are not as the last push left them."""

    repo: str
    commit: str
    num_rows: int
    changed: tuple[str, ...]


def pull(repo: str, folder: Path, *, revision: str | None = None) -> Pulled:
    """Fetch a dataset into a run folder, in place of one that was pulled before.

    Raises:
        UserError: there is no such dataset, it cannot be reached or read, or something else stands in the folder.

    """
    check_name(repo)
    earlier = read_run(folder)
    if earlier is not None and PULLED not in earlier:
        hint = "choose another folder with --out"
        raise UserError(Fault(f"{folder} is a run that was made here", hint=hint))
    with file_errors_as_faults(folder), replacing(folder) as partial:
        pulled = fetch_dataset(repo, partial / "dataset", revision=revision)
        recipe = partial / "dataset" / "recipe.yaml"
        if recipe.is_file():
            shutil.copyfile(recipe, partial / "recipe.yaml")
        record = {
            "made_by": MADE_BY,
            PULLED: {"repo": repo, "commit": pulled.commit, "changed": pulled.changed},
            "name": repo.partition("/")[2],
            "command": "",
            "repo": repo,
            "counts": {"kept": pulled.num_rows},
        }
        (partial / "run.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return pulled


def check_name(repo: str) -> None:
    """Refuse what cannot be the name of a dataset on the Hub.

    Raises:
        UserError: it cannot be one.

    """
    if not _HUB_NAME.fullmatch(repo):
        raise UserError(Fault(f"{repo!r} is not the name of a dataset on the Hub", hint="write OWNER/NAME"))


def fetch_dataset(repo: str, folder: Path, *, revision: str | None = None) -> Pulled:
    """Fetch a dataset into a folder, check it against the list of what was pushed, and read all footers.

    Raises:
        UserError: there is no such dataset, it has no Parquet files, or one of them cannot be read.

    """
    commit = fetch(repo, folder, revision=revision)
    manifest = folder / MANIFEST
    pushed = _listed(manifest.read_text("utf-8", "replace")) if manifest.is_file() else {}
    manifest.unlink(missing_ok=True)
    dataset = Dataset(folder)
    files = sorted(folder.rglob("*.parquet"))
    if not files:
        hint = "only datasets of Parquet files are pulled, as `push` publishes them"
        raise UserError(Fault(f"{repo} holds no Parquet files", hint=hint))
    listed = {config: dataset.files(config) for config in dataset.configs}
    broken = [dataset.name(file) for some in listed.values() for file in some if file not in dataset.readable]
    if broken:
        raise UserError(Fault(f"{repo}: {broken[0]} cannot be read as Parquet", hint="pull again, or ask its owner"))
    changed = (
        path for path, digest in pushed.items()
        if path != CARD and (not (folder / path).is_file() or digest_of(folder / path).sha256 != digest)
    )  # fmt: skip
    return Pulled(repo, commit, dataset.num_rows(next(iter(listed.values()))) or 0, tuple(changed))


def _listed(manifest: str) -> Mapping[str, str]:
    """Return the SHA-256 of each file that was pushed, by path; empty where the list cannot be read."""
    try:
        files = json.loads(manifest)["files"]
        return {str(path): str(entry["sha256"]) for path, entry in files.items() if ".." not in Path(path).parts}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
