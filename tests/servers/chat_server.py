"""A real chat-completions server on loopback, with faults to order, for tests and for `kill -9` tests from outside.

In a test: `with ChatServer(fault=...) as server:` and `server.spec`. As a process of its own:

    python -m tests.servers.chat_server --port 0 --log FILE

prints its URL and writes one JSON line per request asked and per request answered, so that calls can be counted
whatever happens to the client. Only the standard library: HTTP/1.1 with keep-alive is a few lines of asyncio, and only
raw sockets can reset a connection in the middle of a body.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request. Without a field set, nothing does.

    `body` is sent instead of the answer; `keep_rate` is the share of the body that is sent (with the length of what is
    sent); `reset` breaks the connection before, within or after the body; `drip_s` pauses between pieces of the body;
    `again_s` delivers the whole response a second time, so much later.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay_s: float = 0.0
    keep_rate: float = 1.0
    reset: Literal["", "before", "within", "after"] = ""
    drip_s: float = 0.0
    extra_length: int = 0
    again_s: float | None = None


@dataclass
class Asked:
    """One request as it came in."""

    prompt: str
    body: Body
    headers: Mapping[str, str]
    target: str
    answered: bool = False


_numbers = itertools.count()


def completion(content: object = "4", *, finish_reason: str | None = "stop", **message: object) -> dict[str, Any]:
    """Return a chat completion; further keywords are fields of its message."""
    return {
        "id": f"chatcmpl-{next(_numbers)}",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
        "usage": {
            "prompt_tokens": 11,
            "completion_tokens": 7,
            "total_tokens": 18,
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
    }


def echo(body: Body) -> object:
    """Think about the prompt, and say it again."""
    prompt = body["messages"][-1]["content"]
    return completion(f"you said: {prompt}", reasoning_content=f"they said: {prompt}")


def error_body(message: str, **fields: object) -> bytes:
    """Return an error in OpenAI's form."""
    return json.dumps({"error": {"message": message, "type": "error", **fields}}).encode()


class ChatServer:
    """The server, in a thread. `answer` makes a JSON (or the very bytes) of a request's body; no two JSONs have one id.

    `fault(prompt, nth)` orders what goes wrong.
    `nth` counts from 0 how often this prompt has been asked before. `key`, if set, must be the bearer's.
    """

    def __init__(
        self,
        *,
        answer: Callable[[Body], object] = echo,
        fault: Callable[[str, int], Fault | None] = lambda prompt, nth: None,
        key: str = "",
        latency_s: float = 0.0,
        log: Path | None = None,
        port: int = 0,
    ) -> None:
        self.asked: list[Asked] = []
        self.in_flight = self.max_in_flight = self.num_connections = 0
        self._answer, self._fault, self._key, self._latency_s = answer, fault, key, latency_s
        self._log = log.open("a", encoding="utf-8") if log else None
        self._port = port
        self._times: Counter[str] = Counter()
        self._ids: set[object] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chat server", daemon=True)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def spec(self) -> str:
        """The spec of a model on this server."""
        return f"{self.url}#m"

    @property
    def prompts(self) -> list[str]:
        """The prompts asked so far, repeats included."""
        return [asked.prompt for asked in self.asked]

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._log:
            self._log.close()

    def wait_until_idle(self, quiet_s: float = 0.1) -> None:
        """Wait until nothing is in flight: what a killed client had asked has been answered or given up."""
        while self.in_flight:
            time.sleep(0.01)
        time.sleep(quiet_s)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._welcome, "127.0.0.1", self._port, backlog=4096)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await server.wait_closed()

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.num_connections += 1
        talk = asyncio.create_task(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone, which is what some tests are about
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; return whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))) or b"{}")
        messages = body.get("messages") or [{"content": ""}]
        asked = Asked(messages[-1]["content"], body, headers, head[0].split(" ")[1])
        fault = self._fault(asked.prompt, self._times[asked.prompt]) or Fault()
        self._times[asked.prompt] += 1
        self.asked.append(asked)
        self._write_log("asked", asked)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._latency_s + fault.delay_s)
            if not asked.target.endswith("/chat/completions"):
                fault = Fault(status=404, body=b'{"error": "no such path"}')
            elif self._key and headers.get("authorization") != f"Bearer {self._key}":
                fault = Fault(status=401, body=error_body(f"wrong key: {headers.get('authorization')}"))
            return await self._respond(writer, asked, fault)
        finally:
            self.in_flight -= 1

    async def _respond(self, writer: asyncio.StreamWriter, asked: Asked, fault: Fault) -> bool:
        answer = fault.body if fault.body is not None else self._answer(asked.body)
        if isinstance(answer, dict) and "id" in answer:
            number = answer["id"]
            answer = {**answer, "id": f"chatcmpl-{next(_numbers)}"} if number in self._ids else answer
            self._ids.add(number)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        content = content[: int(len(content) * fault.keep_rate)]
        headers = {"content-type": "application/json", "content-length": str(len(content) + fault.extra_length)}
        lines = [f"{name}: {value}" for name, value in {**headers, **fault.headers}.items()]
        if fault.reset == "before":
            return _reset(writer)
        head = "\r\n".join([f"HTTP/1.1 {fault.status} status", *lines, "", ""]).encode("latin-1")
        writer.write(head)
        for piece in _pieces(content, 8 if fault.drip_s else 1 + int(fault.reset == "within")):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(fault.drip_s)
            if fault.reset == "within":
                return _reset(writer)
        if fault.status == 200:
            asked.answered = True
            self._write_log("answered", asked)
        if fault.again_s is not None:
            await asyncio.sleep(fault.again_s)
            writer.write(head + content)
        return _reset(writer) if fault.reset == "after" else not fault.extra_length

    def _write_log(self, event: str, asked: Asked) -> None:
        if self._log:
            self._log.write(json.dumps({"event": event, "prompt": asked.prompt, "body": asked.body}) + "\n")
            self._log.flush()


def _pieces(content: bytes, num_pieces: int) -> list[bytes]:
    size = max(1, -(-len(content) // num_pieces))
    return [content[start : start + size] for start in range(0, len(content), size)]


def _reset(writer: asyncio.StreamWriter) -> bool:
    """Break the connection with RST instead of FIN."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


def main() -> None:
    """Serve until killed."""
    options = argparse.ArgumentParser(description="A loopback chat-completions server that logs what it is asked.")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--log", type=Path)
    options.add_argument("--latency", type=float, default=0.0, help="seconds before every answer")
    options.add_argument("--key", default="", help="the bearer's key to insist on")
    chosen = options.parse_args()
    with ChatServer(port=chosen.port, log=chosen.log, latency_s=chosen.latency, key=chosen.key) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
