"""From a run folder to the Hugging Face Hub, in one atomic commit.

The remote files are compared by hash first: what is unchanged is not sent, and where nothing changed there is no commit
at all. `push_plan` decides what is added, replaced and deleted; no file that a push did not put there is touched. The
commit names its parent, so that work which somebody else pushed meanwhile is never overwritten. A push that failed can
simply be repeated.

Read from the environment: `HF_TOKEN` (else the login that huggingface_hub keeps), `HF_ORG`, `HF_PRIVATE`,
`HF_ENDPOINT`. The token is never shown: errors are reported in our words, and the server's are cleaned of it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tenacity
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    get_token,
    snapshot_download,
)
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
)
from huggingface_hub.hf_api import DatasetInfo, RepoFile, RepoFolder
from huggingface_hub.utils.tqdm import tqdm

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.publish import push_plan
from open_thoughts_gen.publish.evaluation import BENCHMARK
from open_thoughts_gen.publish.folder import PULLED, files_of, read_run, recover
from open_thoughts_gen.publish.front_matter import local_name, rebuild_from_hub, rebuild_here
from open_thoughts_gen.publish.hub_rules import card_faults
from open_thoughts_gen.publish.pictures import with_addresses
from open_thoughts_gen.publish.push_plan import CARD, MANIFEST, Content, PushPlan, RemoteFile
from open_thoughts_gen.publish.question_files import FOLDER as QUESTIONS
from open_thoughts_gen.tables.hub import patient, reported
from open_thoughts_gen.text import shorten

# huggingface_hub 1 stands on httpx and 2 on httpx2. The base of its own error is the error of both transports.
TransportError: type[Exception] = HfHubHTTPError.__mro__[1]

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_TOKEN_HINT = "set HF_TOKEN to a token with write access (https://huggingface.co/settings/tokens)"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did; `commit_url` is None if there was nothing to push, or where it was only to be shown."""

    repo: str
    url: str
    commit_url: str | None
    plan: PushPlan
    pr_url: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a push may do beyond its own files: write into a repository that it did not make, replace a card.

    And where it writes: a branch (`revision`, empty for the main one), or a pull request to it.
    """

    into_existing: bool = False
    replace_card: bool = False
    dry_run: bool = False
    revision: str = ""
    create_pr: bool = False


class UploadError(Exception):
    """The storage of the Hub (Xet) did not take a file; the text says why."""


class _FetchBars(tqdm):
    """The Hub's bars, shown in a terminal alone."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **{**options, "disable": options.get("disable") or None})  # type: ignore[no-untyped-call]


Show = Callable[[str, PushPlan], None]


def push(
    folder: Path,
    *,
    repo: str | None = None,
    env: Mapping[str, str] | None = None,
    consent: Consent = Consent(),
    show: Show = lambda repo, plan: None,
) -> Pushed:
    """Push the dataset of a run folder; `repo` is NAME or OWNER/NAME, by default what the recipe says.

    `show` is called with the repository and what will change, before anything does.

    Raises:
        UserError: the folder, the card, the environment, the token, the repository or the network forbids it.

    """
    env = os.environ if env is None else env
    record, card = check_folder(folder)
    private, token = private_from(env), token_from(env)
    owner = env.get("HF_ORG", "").strip()
    if not re.fullmatch(r"[\w.-]{0,96}", owner, re.ASCII):
        hint = "set HF_ORG to a user or an organisation alone, and the dataset's name with --repo"
        raise UserError(Fault(f"HF_ORG is {shorten(owner, 40)!r}, which cannot be a name on the Hub", hint=hint))
    dataset = folder / "dataset"
    files: dict[str, Content] = {file.relative_to(dataset).as_posix(): file for file in files_of(dataset)}
    with _errors_in_one_line(token):
        api = HfApi(endpoint=env.get("HF_ENDPOINT") or None, token=token, library_name="open_thoughts_gen")
        name = repo or record["repo"] or record["name"]
        if "/" not in name:
            name = f"{owner or api.whoami()['name']}/{name}"
        card = as_published(card, record, name)
        return _Push(api, name, files, card, private, consent, show).run()


def fetch(repo: str, folder: Path, *, revision: str | None = None) -> str:
    """Fetch what a dataset on the Hub consists of, such as a push leaves it, into a folder; return its commit.

    `revision` is a branch, a tag or a commit; None is what is newest. What does not belong to a dataset stays there.

    Raises:
        UserError: there is no such dataset, it cannot be reached, or it names a file outside of itself.

    """
    with reported(repo):
        info = patient(repo)(HfApi().dataset_info, repo, revision=revision)
        outside = [file.rfilename for file in info.siblings or () if ".." in Path("/", file.rfilename).parts]
        if outside:
            raise UserError(Fault(f"{repo} names a file outside of itself: {shorten(outside[0], 80)!r}"))
        patient(repo)(
            snapshot_download,
            repo,
            repo_type="dataset",
            revision=info.sha,
            local_dir=folder,
            tqdm_class=_FetchBars,
            allow_patterns=[
                *(CARD, MANIFEST, "recipe.yaml", "croissant.json", BENCHMARK),
                *("*.parquet", "assets/*", f"{QUESTIONS}/*"),
            ],
        )
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # the client's notes on what it fetched
    return str(info.sha)


def as_published(card: str, record: Mapping[str, Any], repo: str) -> str:
    """Return a run's card as it is pushed: a recipe need not name its repository, so until now it names the folder."""
    local = local_name(record["name"], record.get("command", ""))
    questions = any(path.startswith(f"dataset/{QUESTIONS}/") for path in record.get("outputs", ()))
    again = rebuild_from_hub(repo, questions=questions)
    named = card.replace(f'"{local}"', f'"{repo}"').replace(rebuild_here(local), again)
    return with_addresses(named, repo)


def token_from(env: Mapping[str, str]) -> str:
    """Return the token to push with.

    Raises:
        UserError: there is none, or it cannot be one.

    """
    token = env.get("HF_TOKEN", "").strip() or get_token()
    if not token:
        raise UserError(Fault("there is no Hugging Face token", hint=_TOKEN_HINT))
    if not re.fullmatch(r"[!-~]+", token):
        raise UserError(Fault("the Hugging Face token contains a character that no token has", hint=_TOKEN_HINT))
    return token


def check_folder(folder: Path) -> tuple[dict[str, Any], str]:
    """Return a run's `run.json` and its card, both fit to be pushed.

    Raises:
        UserError: it is not a run folder, its card has a fault, or the dataset has no rows.

    """
    recover(folder.absolute())
    record, card = read_run(folder), folder / "dataset" / "README.md"
    if record is None or not card.is_file():
        hint = "run the recipe first, then push the folder that it wrote"
        raise UserError(Fault(f"{folder} is not a run folder", hint=hint))
    if PULLED in record:
        hint = "push a folder that `run` or `rebuild` wrote"
        raise UserError(Fault(f"{folder} was pulled from {record[PULLED]['repo']}", hint=hint))
    text = card.read_text(encoding="utf-8")
    faults = card_faults(text)
    if not record["counts"]["kept"]:
        faults.append(Fault("the dataset has no rows", hint="see dropped.parquet for why"))
    if faults:
        raise UserError(*faults)
    return record, text


def private_from(env: Mapping[str, str]) -> bool | None:
    """Return what `HF_PRIVATE` asks for; None if it is unset or empty.

    Raises:
        UserError: it is neither a yes nor a no.

    """
    value = env.get("HF_PRIVATE", "").strip()
    if value.lower() in ("", *_TRUE, *_FALSE):
        return value.lower() in _TRUE if value else None
    raise UserError(
        Fault(f"HF_PRIVATE is {shorten(value, 20)!r}, neither true nor false", hint="set it to true or false")
    )


class _Push:
    """One push: planned, shown, committed; repeated where the Hub fails for a moment."""

    def __init__(
        self,
        api: HfApi,
        repo: str,
        files: Mapping[str, Content],
        card: str,
        private: bool | None,
        consent: Consent,
        show: Show,
    ) -> None:
        self._api, self._repo, self._files, self._card = api, repo, files, card
        self._private, self._consent, self._show = private, consent, show
        self._digests = {path: push_plan.digest_of(content) for path, content in files.items() if path != CARD}
        self._shown: PushPlan | None = None

    @tenacity.retry(
        retry=tenacity.retry_if_exception(lambda error: _is_passing(error)),  # noqa: PLW0108 - it is defined below
        wait=lambda state: _wait_s(state),  # noqa: PLW0108
        stop=tenacity.stop_after_attempt(4),
        reraise=True,
    )
    def run(self) -> Pushed:
        """Push what differs. Safe to repeat after a failure: what was done before then no longer differs."""
        url, info = f"{self._api.endpoint}/datasets/{self._repo}", None
        if not self._consent.dry_run or self._api.repo_exists(self._repo, repo_type="dataset"):
            url = str(self._api.create_repo(self._repo, repo_type="dataset", private=self._private, exist_ok=True))
            info = self._head()
        if info and self._private and not info.private:
            hint = "make it private in its settings on the Hub, or unset HF_PRIVATE"
            raise UserError(Fault(f"HF_PRIVATE asks for a private dataset, but {self._repo} is public", hint=hint))
        files, plan = self._planned(info)
        if plan.num_changes and plan != self._shown:
            self._show(self._repo, plan)
            self._shown = plan
        if info is None or self._consent.dry_run or not plan.num_changes:
            return Pushed(self._repo, url, None, plan)
        commit_url, pr_url = self._commit(files, plan, info)
        return Pushed(self._repo, url, commit_url, plan, pr_url)

    def _head(self) -> DatasetInfo:
        """Return the branch that is pushed to, as it is now; it is made if it is missing."""
        branch = self._consent.revision
        refs = self._api.list_repo_refs(self._repo, repo_type="dataset").branches if branch else []
        if branch and branch not in {ref.name for ref in refs}:
            if self._consent.dry_run:
                branch = ""  # it would begin as what the main branch is
            else:
                self._api.create_branch(self._repo, branch=branch, repo_type="dataset")
        return self._api.dataset_info(self._repo, revision=branch or None)

    def _planned(self, info: DatasetInfo | None) -> tuple[dict[str, Content], PushPlan]:
        """Return the files as they will be in the repository, and what that changes."""
        listing: Iterable[RepoFile | RepoFolder] = ()
        if info:
            listing = self._api.list_repo_tree(self._repo, repo_type="dataset", recursive=True, revision=info.sha)
        remote = {
            file.path: RemoteFile(file.path, file.lfs.sha256 if file.lfs else "", file.blob_id)
            for file in listing
            if isinstance(file, RepoFile)
        }
        theirs = self._read(CARD, info) if info and CARD in remote else ""
        pushed = push_plan.pushed_before(
            self._repo,
            remote,
            manifest=self._read(MANIFEST, info) if info and MANIFEST in remote else "",
            card=theirs,
            into_existing=self._consent.into_existing,
        )
        card = push_plan.card_to_push(self._card, theirs, repo=self._repo, replace=self._consent.replace_card).encode()
        digests = {**self._digests, CARD: push_plan.digest_of(card)}
        manifest = push_plan.manifest_of(
            {path: digest for path, digest in digests.items() if path in pushed or path not in remote}
        )
        digests[MANIFEST] = push_plan.digest_of(manifest)
        plan = push_plan.plan_push(digests, remote, pushed, repo=self._repo)
        return {**self._files, CARD: card, MANIFEST: manifest}, plan

    def _read(self, path: str, info: DatasetInfo) -> str:
        """Return the text of a file of the repository."""
        with TemporaryDirectory() as folder:
            file = self._api.hf_hub_download(
                self._repo, path, repo_type="dataset", revision=info.sha, local_dir=folder, token=self._api.token
            )
            return Path(file).read_text(encoding="utf-8", errors="replace")

    def _commit(self, files: Mapping[str, Content], plan: PushPlan, info: DatasetInfo) -> tuple[str, str]:
        """Make the commit and return its URL, and that of the pull request, if it is one."""
        operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [
            *(CommitOperationAdd(path, files[path]) for path in (*plan.added, *plan.replaced)),
            *(CommitOperationDelete(path, is_folder=False) for path in plan.deleted),
        ]
        try:
            commit = self._api.create_commit(
                self._repo,
                operations,
                commit_message="Publish the dataset",
                repo_type="dataset",
                parent_commit=info.sha,
                revision=self._consent.revision or None,
                create_pr=self._consent.create_pr,
            )
        except (HfHubHTTPError, HFValidationError, OfflineModeIsEnabled, TransportError):
            raise
        except (OSError, RuntimeError) as error:  # what the native uploader of Xet raises
            raise UploadError(str(error)) from error
        return str(commit.commit_url), str(commit.pr_url or "")


def _is_passing(error: BaseException) -> bool:
    """Return whether the next try may succeed."""
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code == 429 or error.response.status_code >= 500
    return isinstance(error, UploadError)


def _wait_s(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.response.headers.get("Retry-After", "") if isinstance(error, HfHubHTTPError) else ""
    return min(float(asked), 300.0) if asked.isascii() and asked.isdigit() else 0.5 * 2.0**state.attempt_number


@contextmanager
def _errors_in_one_line(token: str) -> Iterator[None]:
    """Report the Hub's errors as faults of one line, without the token."""
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise UserError(Fault("the Hub's offline mode is on", hint="unset HF_HUB_OFFLINE to push")) from error
    except HfHubHTTPError as error:
        raise UserError(_refused(error, token)) from None
    except UploadError as error:
        hint = "push again: what the Hub has already is not sent again; if that fails too, set HF_HUB_DISABLE_XET=1"
        raise UserError(Fault(f"a file could not be uploaded: {_clean(str(error), token)}", hint=hint)) from None
    except (HFValidationError, ValueError) as error:
        raise UserError(Fault(_clean(str(error), token))) from None
    except TransportError as error:
        reason = _clean(str(error) or type(error).__name__, token)
        hint = "check the network and HF_ENDPOINT, then push again: nothing was lost"
        raise UserError(Fault(f"the Hub cannot be reached: {reason}", hint=hint)) from None


def _refused(error: HfHubHTTPError, token: str) -> Fault:
    status = error.response.status_code
    details = _clean(error.server_message or "", token)
    known = {
        401: ("the Hub does not accept the token (401)", _TOKEN_HINT),
        403: (
            "the token may not write there (403)",
            "use a token with write access to that user or organisation (HF_ORG)",
        ),
        404: ("the Hub has no such repository or owner (404)", "check the repository's name and HF_ORG"),
        412: (
            "somebody else has pushed to the dataset meanwhile (412)",
            "look at what they changed on the Hub, then push again",
        ),
        429: ("the Hub limits how often you may push (429)", "wait some minutes, then push again"),
    }
    message, hint = known.get(status, (f"the Hub answered {status}", "push again later"))
    return Fault(f"{message}: {details}" if details else message, hint=hint)


def _clean(text: str, token: str) -> str:
    hidden = text.replace(token, "***")
    return shorten(re.sub(r"hf_[A-Za-z0-9]{8,}", "***", hidden), 300)
