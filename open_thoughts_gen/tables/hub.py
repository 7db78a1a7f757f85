"""A dataset on the Hugging Face Hub as files of this machine: at one commit, fetched once, and then read as any file.

Which files belong to which config and split is the Hub's own rule, so `datasets` finds it; their rows are read by
`Table`. Files are fetched when their first row is needed and stay in the Hub's own cache, by their commit. What was
found is kept beside the response cache too: without a network the same commit is read again, and a revision that has
moved since is noticed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from open_thoughts_gen.errors import Fault, UserError

if TYPE_CHECKING:
    from tenacity import Retrying

TIMEOUT_S = 30.0
FOLDER = "hub"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NUM_TRIES, _WAIT_S = 4, 1.0
_NO_NETWORK = (
    "localentrynotfound", "couldn't reach", "connect", "offline", "timeout", "timed out", "resolution", "server error",
)  # fmt: skip


class HubUnreachableError(UserError):
    """The Hub did not answer: what else is asked of it will fare no better."""


@dataclass(frozen=True)
class Snapshot:
    """A dataset at one commit: its license, and the files of each split, as paths inside the repository."""

    name: str
    commit: str
    license: str = ""
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: Sequence[str] = field(default=(), compare=False)

    def here(self, file: str) -> Path | None:
        """Return where a file lies on this machine; None if it has not been fetched."""
        from huggingface_hub import try_to_load_from_cache

        path = try_to_load_from_cache(self.name, file, repo_type="dataset", revision=self.commit)
        return Path(path) if isinstance(path, str) else None

    def fetched(self, file: str) -> Path:
        """Return where a file lies on this machine; fetch it first if it is not here.

        Raises:
            UserError: it cannot be fetched.

        """
        from huggingface_hub import hf_hub_download

        asked = patient(self.name)
        with reported(self.name):
            return Path(asked(hf_hub_download, self.name, file, repo_type="dataset", revision=self.commit))


def snapshot(name: str, config: str | None, revision: str | None, folder: Path) -> Snapshot:
    """Find what a dataset holds, at a commit, branch or tag; None stands for what is newest on its main branch.

    `folder` is where the response cache lies.

    Raises:
        UserError: the dataset, config or revision is not there, is gated, has no files of rows, or cannot be reached
            and was not read before.

    """
    memory = folder / FOLDER / f"{name.replace('/', '--')}--{config or 'default'}--{revision or 'main'}.json"
    before = _remembered(memory, name)
    if before is not None and before.commit == revision:
        return before
    try:
        with reported(name):
            newest = _look_up(name, config, revision)
    except HubUnreachableError:
        if before is None:
            raise
        return Snapshot(
            **{
                **_without_notes(before),
                "notes": (f"the Hub cannot be reached: read as of {before.commit}, kept here",),
            }
        )
    _remember(memory, newest)
    if before is None or before.commit == newest.commit:
        return newest
    note = f"{revision or 'main'} has moved since the last run, from {before.commit} to {newest.commit}"
    return Snapshot(
        **{**_without_notes(newest), "notes": (f"{note}; to stay with the former, set `revision: {before.commit}`",)}
    )


def _look_up(name: str, config: str | None, revision: str | None) -> Snapshot:
    from datasets import load_dataset_builder
    from huggingface_hub import HfApi

    info = HfApi().dataset_info(name, revision=revision, timeout=TIMEOUT_S)
    builder = load_dataset_builder(name, config, revision=info.sha)
    start = f"hf://datasets/{name}@{info.sha}/"
    files = {
        str(split): tuple(str(file).removeprefix(start) for file in listed)
        for split, listed in (builder.config.data_files or {}).items()
    }
    if not files:
        raise UserError(Fault(f"{name} has no files of rows", hint="name a dataset of JSON, CSV or Parquet files"))
    said = info.card_data.get("license") if info.card_data is not None else None
    return Snapshot(name, str(info.sha), said if isinstance(said, str) else "", files)


def _without_notes(one: Snapshot) -> dict[str, Any]:
    return {**asdict(one), "notes": ()}


def _remember(memory: Path, newest: Snapshot) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    beside = memory.with_name(f"{memory.name}.{os.getpid()}")
    beside.write_text(json.dumps(_without_notes(newest), indent=2) + "\n", encoding="utf-8")
    beside.replace(memory)


def _remembered(memory: Path, name: str) -> Snapshot | None:
    try:
        before = Snapshot(**json.loads(memory.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # never read before, or not by this release: it is looked up again
    return before if before.name == name and _COMMIT.fullmatch(before.commit) and before.files else None


def hub_failures() -> tuple[type[Exception], ...]:
    """Return the errors that a third-party dataset may raise: these are reported; any other error is a bug."""
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HfHubHTTPError
    from pyarrow import ArrowException

    # Which library the Hub's client speaks HTTP with differs by its version; that library's errors are its bases.
    of_http = tuple(base for base in HfHubHTTPError.__bases__ if issubclass(base, Exception))
    return (*of_http, OSError, ValueError, RuntimeError, ImportError, DatasetsError, ArrowException)


@contextmanager
def reported(dataset: str, *, title: str = "", gated: bool = False) -> Iterator[None]:
    """Report what the Hub refuses inside as a fault of one line; `title` says what it is to the user.

    Raises:
        HubUnreachableError: the Hub did not answer.
        UserError: it answered that there is no such thing, or that this user may not have it.

    """
    try:
        yield
    except UserError:
        raise
    except hub_failures() as error:
        raise _mishap(dataset, error, title, gated=gated) from error


def patient(dataset: str) -> Retrying:
    """Return what calls a function of the Hub's client again while the Hub does not answer, a few times."""
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

    return Retrying(
        stop=stop_after_attempt(_NUM_TRIES),
        wait=wait_exponential(_WAIT_S, max=8),
        retry=retry_if_exception(lambda error: isinstance(error, hub_failures()) and is_unreachable(error, dataset)),
        reraise=True,
    )


def is_unreachable(error: BaseException, dataset: str) -> bool:
    """Return whether the Hub did not answer. What is not stored here either is then "not found", but only locally."""
    message = f"{type(error).__name__} {error}".replace(dataset, "").lower()
    return any(sign in message for sign in _NO_NETWORK)


def _mishap(dataset: str, error: Exception, title: str, *, gated: bool) -> UserError:
    """Return what went wrong, as its user can fix."""
    message = " ".join(str(error).split())
    if is_unreachable(error, dataset):
        return HubUnreachableError(Fault(f"{dataset} cannot be reached", title, "try again with a network"))
    lowered = f"{type(error).__name__} {message}".lower()
    if lowered.startswith("hfvalidation"):
        hint = "write OWNER/NAME; if it is a path of this machine, check how it is spelt"
        return UserError(Fault(f"{dataset!r} does not exist, and is not the name of a dataset on the Hub", title, hint))
    refused = any(code in lowered for code in ("401", "403", "404"))
    if "gatedrepo" in lowered or "is a gated dataset" in lowered or (gated and refused):
        hint = f"accept its terms at https://huggingface.co/datasets/{dataset} and export HF_TOKEN"
        return UserError(Fault(f"{dataset} is gated, or not to be read with this token", title, hint))
    if refused or "notfound" in lowered or "doesn't exist" in lowered:
        hint = "export HF_TOKEN if it is private; if it is a path of this machine, check how it is spelt"
        return UserError(Fault(f"{dataset} is not there, or has no such file", title, hint))
    if "scripts are no longer supported" in message:
        hint = "set `revision: refs/convert/parquet`, where the Hub may keep its rows as Parquet"
        return UserError(Fault(f"{dataset} is made by a script, and no third-party script is run", title, hint))
    return UserError(Fault(f"{dataset}: {type(error).__name__}: {message[:300]}", title))
