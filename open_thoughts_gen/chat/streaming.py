"""Streamed responses put together again: server-sent events in, one chat completion out.

A generation of half an hour over a silent connection is cut by proxies on the way; a streamed one is not. What streams
is only how an answer travels, so what is stored and read is the completion that the same request would have had
unstreamed. The format is the WHATWG's of server-sent events, of which chat completions use `data:` lines and, to keep
the connection alive, comments. Lines end at line feeds alone: text may hold U+0085 and U+2028.
"""

from __future__ import annotations

import json
from typing import Any


class Events:
    """Takes the bytes of a stream as they come, and gives the completion at its end."""

    def __init__(self) -> None:
        self._rest = b""
        self._texts: dict[str, list[str]] = {}
        self._parts: dict[str, list[Any]] = {}
        self._whole: dict[str, Any] = {}
        self._finish_reason: object = None
        self._num_choices = 0
        self._refusal = b""
        self._is_error = False  # whether the event that comes is called one

    def feed(self, piece: bytes) -> None:
        """Take some bytes.

        Raises:
            ValueError: an event is not JSON, or says that the endpoint failed.

        """
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"event:"):
                self._is_error = line[6:].strip() == b"error"
            elif line.startswith(b"data:"):
                self._take(line[5:].strip())

    def completion(self) -> bytes:
        """Return the completion in the form of an unstreamed one.

        Raises:
            ValueError: the stream broke off before its end.

        """
        self.feed(b"\n")
        if self._refusal and not self._num_choices:
            return self._refusal
        if self._finish_reason is None:
            raise ValueError("the stream broke off before its end")
        message: dict[str, Any] = {"role": "assistant", "content": None}
        message |= {name: "".join(pieces) for name, pieces in self._texts.items()}
        for name, parts in self._parts.items():  # Mistral thinks in parts, and then answers in text
            text = [{"type": "text", "text": message[name]}] if message.get(name) else []
            message[name] = [*parts, *text]
        choice = {"index": 0, "finish_reason": self._finish_reason, "message": message}
        whole = {**self._whole, "object": "chat.completion", "choices": [choice] if self._num_choices else []}
        return json.dumps(whole).encode("ascii")

    def _take(self, event: bytes) -> None:
        if event == b"[DONE]":
            return
        try:
            chunk = json.loads(event) if event else {}
        except RecursionError as error:
            raise ValueError("an event is nested too deep") from error
        if not isinstance(chunk, dict):
            raise ValueError("an event of the stream is not a chunk of a completion")
        if self._is_error or chunk.get("error") or chunk.get("object") == "error":
            failure = chunk.get("error") or chunk
            if not self._num_choices:  # nothing has come of an answer: it is refused
                self._refusal = json.dumps({"error": failure}).encode("ascii")
                return
            words = failure.get("message", failure) if isinstance(failure, dict) else failure
            raise ValueError(f"the endpoint broke off: {words}")
        for name in ("id", "created", "model", "provider", "system_fingerprint", "usage"):
            if chunk.get(name) is not None:
                self._whole[name] = chunk[name]
        choices = chunk.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._choose(choices[0])

    def _choose(self, choice: dict[str, Any]) -> None:
        self._num_choices += 1
        if choice.get("finish_reason") is not None:
            self._finish_reason = choice["finish_reason"]
        delta = choice.get("delta")
        for name, value in delta.items() if isinstance(delta, dict) else ():
            if isinstance(value, str) and name != "role":
                self._texts.setdefault(name, []).append(value)
            elif isinstance(value, list):
                self._parts.setdefault(name, []).extend(value)
