"""The server that benchmarks/teacher.py asks: chat completions on loopback, so thin that it is not what is measured.

One asyncio protocol a connection, one timer a request, answers made beforehand. It runs in a process of its own:

    python -m benchmarks.loopback --latency 0.5 --answer-bytes 400

prints its base URL and serves until its standard input ends. With `--varied N` it has N different answers, of words at
random, which compress as prose does; three in four of them end in `Answer: 1`, the others in `Answer: 2`. With
`--writing SHARE` it writes a question for each seed, as the source `write` asks; this share of its replies repeat an
earlier question but for a word. Which do, and what they say, depends on the seed alone.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import sys
from collections.abc import Callable
from random import Random

_CODE, _SEED = re.compile(r'"code": "([0-9a-f]{12})"'), re.compile(r"\]\n(.*)\n\[END OF SEED")


class Exchange(asyncio.Protocol):
    """One connection with keep-alive."""

    latency_s = 0.0
    answer: Callable[[bytes], bytes] = staticmethod(lambda body: b"")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._waiting = transport, b""
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        """Answer every whole request after the latency."""
        self._waiting += data
        while True:
            head, found, rest = self._waiting.partition(b"\r\n\r\n")
            if not found:
                return
            lower = head.lower()
            at = lower.find(b"content-length:")
            length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(rest) < length:
                if b"100-continue" in lower:
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            self._waiting = rest[length:]
            self._loop.call_later(self.latency_s, self._reply, rest[:length])

    def _reply(self, body: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(self.answer(body))


def completion(num_bytes: int) -> bytes:
    """Return a whole HTTP response."""
    return _response("hm " * (num_bytes // 6), "so " * (num_bytes // 6), num_bytes)


def varied(num_bytes: int, num: int) -> list[bytes]:
    """Return so many different responses, three in four of which give the same answer."""
    rng = Random(1)
    words = _words(rng)
    rates = [1 / rank for rank in range(1, len(words) + 1)]
    made = []
    for number in range(num):
        text = " ".join(rng.choices(words, rates, k=num_bytes))[:num_bytes]
        answer = f"\n\nAnswer: {2 if number % 4 == 3 else 1}"
        # Most of a reasoning model's answer is its reasoning.
        made.append(_response(text[: num_bytes * 4 // 5], text[num_bytes * 4 // 5 : -len(answer)] + answer, num_bytes))
    return made


def _words(rng: Random) -> list[str]:
    letters = "etaoinshrdlucmfwypvbgk"
    return ["".join(rng.choices(letters, range(len(letters), 0, -1), k=rng.randint(1, 9))) for _ in range(4000)]


def writer(share: float) -> Callable[[bytes], bytes]:
    """Return what writes a question for the seed and the code in a request; `share` of them repeat another."""
    words = [word for word in _words(Random(1)) if len(word) > 2]  # a letter alone is a variable of some formula
    stock = [" ".join(Random(f"stock {number}").choices(words, k=20)) for number in range(10)]

    def written(body: bytes) -> bytes:
        messages = json.loads(body)["messages"]
        code = _CODE.search(messages[0]["content"])
        seed = _SEED.search(messages[1]["content"])
        assert code
        assert seed
        rng = Random(seed[1])
        if rng.random() < share:
            repeated = rng.choice(stock).split()
            repeated[rng.randrange(20)] = rng.choice(words)
            text = " ".join(repeated)
        else:
            text = " ".join(rng.choices(words, k=20))
        return _response("", json.dumps({"questions": [{"question": f"{text}?"}], "code": code[1]}), 400)

    return written


def _response(reasoning: str, content: str, num_bytes: int) -> bytes:
    message = {"role": "assistant", "reasoning_content": reasoning, "content": content}
    body = json.dumps(
        {
            "id": "1", "object": "chat.completion", "created": 0, "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 10, "completion_tokens": num_bytes // 4, "total_tokens": 10 + num_bytes // 4},
        }
    ).encode()  # fmt: skip
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def serve(latency_s: float, answer: Callable[[bytes], bytes]) -> None:
    """Answer until standard input ends."""
    Exchange.latency_s, Exchange.answer = latency_s, staticmethod(answer)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Exchange, "127.0.0.1", 0, backlog=8192)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Serve as the arguments say."""
    options = argparse.ArgumentParser(description="A thin loopback chat-completions server.")
    options.add_argument("--latency", type=float, default=0.5, help="seconds before every answer")
    options.add_argument("--answer-bytes", type=int, default=400)
    options.add_argument("--varied", type=int, default=0, metavar="N", help="serve so many different answers")
    options.add_argument("--writing", type=float, metavar="SHARE", help="write questions; this share repeat others")
    chosen = options.parse_args()
    some = varied(chosen.answer_bytes, chosen.varied) if chosen.varied else [completion(chosen.answer_bytes)]
    turns = itertools.cycle(some)
    answer = (lambda _: next(turns)) if chosen.writing is None else writer(chosen.writing)
    asyncio.run(serve(chosen.latency, answer))


if __name__ == "__main__":
    main()
