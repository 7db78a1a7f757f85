"""The Batch API of OpenAI and of providers that offer the same one: half the price, answers within a day.

    teacher: {use: openai_batch, model: openai/gpt-4.1, max_tokens: 16000}

A question asked here is the same call as one asked live, under the same key of the response cache, so the two find each
other's answers. The key is also the custom id in the batch, which is therefore unique and says what a line answers.

Nothing is stored but the cache and the provider's own list of batches. A run that was stopped looks there for batches
that carry its mark: it waits for those that are under way, collects the answers of those that have ended, complete or
not (expired, cancelled), and submits what is still missing. States are reported in the provider's own words.

Not covered: batch interfaces of another form (Anthropic, Mistral), and what batches cost at providers other than OpenAI
and Groq, where it is half of the listed price.
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pydantic import Field

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.chat import Call, EndpointSpec, Progress, resolve
from open_thoughts_gen.chat.completion import read_new
from open_thoughts_gen.chat.endpoints import Endpoint
from open_thoughts_gen.chat.ledger import Ledger
from open_thoughts_gen.chat.refusal import is_of_row
from open_thoughts_gen.chat.transport import Answered, Failed
from open_thoughts_gen.errors import Fault, ProviderError
from open_thoughts_gen.teachers._asking import ModelTeacher
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import Request

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types import Batch

MARK = "open_thoughts_gen"
URL: Final = "/v1/chat/completions"
WAITING = frozenset({"validating", "in_progress", "finalizing", "cancelling"})
MAX_AGE_S = 3 * 86_400  # a batch is over after a day; older ones have nothing that is still missing
HALF_PRICE = frozenset({"groq", "openai"})
MAX_LINES, MAX_BYTES = 50_000, 190_000_000


class OpenaiBatch(ModelTeacher):
    """Asks a model through a batch interface."""

    num_in_flight: ClassVar[int] = MAX_LINES  # the calls of a batch are answered together, for all that is known

    model: EndpointSpec = Field(description="provider/model, or http://host:port/v1#model")
    poll_s: float = Field(30.0, gt=0, description="how often to ask the provider for the state of a batch, seconds")
    max_submissions: int = Field(
        3, ge=1, description="how often one run submits a question, the first time included, before it counts as failed"
    )

    @property
    def label(self) -> str:
        """The endpoint and the model, without credentials: the same as when it is asked live."""
        return resolve(self.model).label

    @property
    def price_rate(self) -> float:
        """Half where the provider says so; elsewhere a recipe's prices say it."""
        return 0.5 if resolve(self.model).provider in HALF_PRICE else 1.0

    def start(self) -> None:
        """Check the API key and the response cache, so that a run fails at its start rather than later.

        Raises:
            UserError: no key is set, or the cache cannot be written.

        """
        super().start()
        resolve(self.model).authorization()

    def ledger(self, cache: ResponseCache) -> Ledger[Request]:
        """Return the ledger of its calls: all of them are read before the first is submitted."""
        endpoint = resolve(self.model)
        return Ledger(
            endpoint.served,
            self.books(cache),
            lambda ledger: Batches(endpoint, self.poll_s, self.progress, ledger.is_asked_again),
            room=sys.maxsize,
            max_retries=self.max_submissions - 1,
            again=self.enlarged,
        )


class Batches:
    """The batch interface as the ledger's transport: what is added is submitted together, then looked at.

    `progress.endpoint` says how a batch goes, in the provider's own words.
    """

    def __init__(
        self, endpoint: Endpoint, poll_s: float, progress: Progress, is_asked_again: Callable[[bytes], bool]
    ) -> None:
        self._endpoint, self._poll_s, self._progress = endpoint, poll_s, progress
        self._is_asked_again = is_asked_again  # so that what an earlier batch brought does not count
        self._missing: dict[str, Call] = {}  # by the key in hex
        self._submitted: set[str] = set()  # the ids of batches of our own
        self._batches: deque[Batch] = deque()
        self._client: OpenAI | None = None

    def add(self, key: bytes, call: Call) -> None:
        """Take a call for the next batch."""
        self._missing[key.hex()] = call

    def answers(self) -> Iterator[tuple[bytes, Answered | Failed]]:
        """Look at a batch, and yield what it has brought if it is over; first of all at those of earlier runs.

        Raises:
            ProviderError: the provider refused a batch or the key, or cannot be reached.

        """
        if self._client is None:
            self._client = _client(self._endpoint)
            self._batches.extend(self._earlier(self._client))
        if not self._batches:
            self._batches.extend(self._submit(self._client))
        batch = self._looked_at(self._client, self._batches[0])
        if batch.status in WAITING:
            self._batches[0] = batch
            time.sleep(self._poll_s)
            return
        self._batches.popleft()
        yield from self._harvest(self._client, batch)

    def stop(self, error: Exception | None = None) -> bool:
        """Return that nothing is waited for: batches go on, and the next run finds them."""
        return False

    def abort(self) -> None:
        """Leave the batches to the provider."""
        self._progress.endpoint = ""
        if self._client is not None:
            self._client.close()

    def _harvest(self, client: OpenAI, batch: Batch) -> Iterator[tuple[bytes, Answered | Failed]]:
        """Yield what a batch that is over has brought for the calls that are still missing."""
        is_ours = batch.id in self._submitted
        for line in _lines(client, batch.output_file_id, batch.error_file_id):
            key = str(line["custom_id"])
            if key not in self._missing:
                continue
            payload = _payload(line)
            is_old = not is_ours and self._is_asked_again(bytes.fromhex(key))
            if is_old or (not is_ours and not _is_whole(payload) and _may_heal(line)):
                continue  # it is in the next batch
            del self._missing[key]
            outcome = self._failed(line) if payload is None else Answered(payload)
            yield bytes.fromhex(key), outcome
        if is_ours:
            for key in self._missing_of(client, batch):
                del self._missing[key]
                yield bytes.fromhex(key), Failed(batch.status, f"the batch {batch.id} ended {batch.status}", "counted")

    def _missing_of(self, client: OpenAI, batch: Batch) -> set[str]:
        """Return the keys of the calls that are still missing and that a batch was submitted with."""
        return {str(line["custom_id"]) for line in _lines(client, batch.input_file_id)} & self._missing.keys()

    def _failed(self, line: Mapping[str, Any]) -> Failed:
        """Return why a line brings no answer, and whether asking again may help: not where the call was refused."""
        response = line.get("response")
        status = response.get("status_code") if isinstance(response, dict) else None
        details = json.dumps(line.get("error") or (response.get("body") if isinstance(response, dict) else None))
        why = f"the batch brought no answer: {shorten(details, 300)}"
        if _may_heal(line):
            kind = f"HTTP {status}" if isinstance(status, int) and status != 200 else "no completion"
            return Failed(kind, why, "counted")
        refused = f"{self._endpoint.label} refused the call, HTTP {status}: {shorten(details, 300)}"
        fault = ProviderError(Fault(refused, hint="check the settings, the key and the model"))
        return Failed("rejected", why, error_kind="prompt rejected", fault=None if is_of_row(details) else fault)

    def _earlier(self, client: OpenAI) -> list[Batch]:
        """Return batches of earlier runs that may hold what is missing, those that are over first."""
        since, batches = time.time() - MAX_AGE_S, []
        with _faults_reported():
            for batch in client.batches.list(limit=100):
                if batch.created_at < since:
                    break
                if (batch.metadata or {}).get("made_by") != MARK or batch.status == "failed":
                    continue
                if batch.status not in WAITING or self._missing_of(client, batch):
                    batches.append(batch)
        return sorted(batches, key=lambda batch: batch.status in WAITING)

    def _submit(self, client: OpenAI) -> list[Batch]:
        batches = []
        lines = [
            json.dumps({"custom_id": key, "method": "POST", "url": URL, "body": self._endpoint.body(call)}).encode()
            for key, call in self._missing.items()
        ]
        for chunk in _chunks(lines):
            with _faults_reported():
                file = client.files.create(file=("batch.jsonl", BytesIO(b"\n".join(chunk) + b"\n")), purpose="batch")
                batch = client.batches.create(
                    input_file_id=file.id, endpoint=URL, completion_window="24h", metadata={"made_by": MARK}
                )
            batches.append(batch)
            self._submitted.add(batch.id)
        return batches

    def _looked_at(self, client: OpenAI, batch: Batch) -> Batch:
        """Return a batch as it is now.

        Raises:
            ProviderError: the provider refused the whole of it.

        """
        if batch.status in WAITING:
            with _faults_reported():
                batch = client.batches.retrieve(batch.id)
        counts = batch.request_counts
        done = f", {counts.completed:,} of {counts.total:,} done, {counts.failed:,} failed" if counts else ""
        self._progress.endpoint = f"batch {batch.id}: {batch.status}{done}"
        if batch.status == "failed":
            errors = [error.message or error.code or "" for error in (batch.errors and batch.errors.data) or []]
            reason = shorten("; ".join(errors) or "no reason given", 300)
            refused = f"{self._endpoint.label}: the provider refused the batch {batch.id}: {reason}"
            hint = "correct what it names, and run the same command again; all answers so far are stored"
            raise ProviderError(Fault(refused, hint=hint))
        return batch


def _client(endpoint: Endpoint) -> OpenAI:
    from openai import OpenAI

    key = endpoint.authorization().rpartition(" ")[2]
    return OpenAI(base_url=endpoint.base_url, api_key=key or "none", max_retries=8)


@contextmanager
def _faults_reported() -> Iterator[None]:
    """Turn what the provider refuses into one line for the user."""
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        refused = f"the batch interface refused: {shorten(str(error), 300)}"
        raise ProviderError(Fault(refused, hint="check the key, the model and the credit")) from error
    except openai.APIConnectionError as error:
        hint = "run the same command again; it finds the batches that were submitted, which go on meanwhile"
        raise ProviderError(Fault(f"the batch interface cannot be reached: {error}", hint=hint)) from error


def _lines(client: OpenAI, *files: str | None) -> Iterator[dict[str, Any]]:
    """Yield the lines of the provider's files that are JSON objects with a custom id; incomplete ones are left out."""
    for file in filter(None, files):
        with _faults_reported():
            content = client.files.content(file).content
        for line in content.split(b"\n"):
            try:
                parsed = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(parsed, dict) and "custom_id" in parsed:
                yield parsed


def _payload(line: Mapping[str, Any]) -> bytes | None:
    """Return the raw completion in a line of output, None if there is none."""
    response = line.get("response")
    if not isinstance(response, dict) or response.get("status_code") != 200:
        return None
    return json.dumps(response.get("body")).encode("ascii")


def _is_whole(payload: bytes | None) -> bool:
    """Return whether there is a completion, and it holds an answer."""
    try:
        return payload is not None and bool(read_new(payload))
    except ValueError:
        return False


def _may_heal(line: Mapping[str, Any]) -> bool:
    """Return whether asking again may help: not where the call was refused."""
    response = line.get("response")
    status = response.get("status_code") if isinstance(response, dict) else None
    return not isinstance(status, int) or status in (200, 408, 409, 429) or status >= 500


def _chunks(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines in lists that are not too large for one batch."""
    chunk: list[bytes] = []
    size = 0
    for line in lines:
        if chunk and (len(chunk) == MAX_LINES or size + len(line) >= MAX_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(line)
        size += len(line) + 1
    if chunk:
        yield chunk
