"""How fast the teacher stage is, beside bare clients and peers on the same loopback server.

    python -m benchmarks.teacher flow                                # 4,000 calls of 0.5 s, 256 in flight
    python -m benchmarks.teacher flow --num 8000 --concurrency 1024
    python -m benchmarks.teacher flow --peer-python curator=PATH --peer-python distilabel=PATH
    python -m benchmarks.teacher flow --peer-python curator=PATH --peer-python through=PATH    # has the extra
    python -m benchmarks.teacher flat                                # CPU a call, 1,000 against 100,000 calls
    python -m benchmarks.teacher resume                              # 100,000 cached responses of 20 kB
    python -m benchmarks.teacher kills                               # 2,000 questions, killed 100 times

Each measurement is a process of its own: wall seconds from the first call to the last trace, CPU seconds of all of its
threads, the highest resident memory. `stage` is the teacher `openai` as a run uses it, every response on disk before it
is handed on; `through` is the teacher `curator` used in the same way, the start of curator's process and its CPU
included. Peers live in virtual environments of their own, named by `--peer-python NAME=PATH`.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Seconds = float


def prompt(number: int) -> str:
    """Return one of many questions."""
    return f"What is {number} plus {number}? Think step by step."


def stage(url: str, num: int, concurrency: int) -> None:
    """Ask through the whole stage, with a new cache."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_DIR")) as folder:
        _stage(url, num, concurrency, Path(folder) / "responses.sqlite")


def _stage(url: str, num: int, concurrency: int, cache: Path) -> None:
    from open_thoughts_gen.plugin import Context
    from open_thoughts_gen.teachers.openai import Openai
    from open_thoughts_gen.types import Question, Request

    teacher = Openai(model=f"{url}#m", concurrency=concurrency).fresh(Context(cache=cache, run="benchmark"))
    traces = teacher.traces(Request(Question(prompt(number))) for number in range(num))
    assert sum(trace.error is None for trace in traces) == num


def through_curator(url: str, num: int, concurrency: int) -> None:
    """Ask by the teacher `curator`, with a new cache."""
    from open_thoughts_gen.plugin import Context
    from open_thoughts_gen.teachers.curator import Curator
    from open_thoughts_gen.types import Question, Request

    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_DIR")) as folder:
        context = Context(cache=Path(folder) / "responses.sqlite", run="benchmark")
        teacher = Curator(model=f"{url}#m", concurrency=concurrency, wave=4096).fresh(context)
        traces = teacher.traces(Request(Question(prompt(number))) for number in range(num))
        assert sum(trace.error is None for trace in traces) == num


def aiohttp_bare(url: str, num: int, concurrency: int) -> None:
    """Ask by aiohttp and nothing else: read the JSON, keep nothing."""
    import aiohttp

    async def ask_all() -> None:
        numbers = iter(range(num))
        connector = aiohttp.TCPConnector(limit=concurrency)

        async def work(session: aiohttp.ClientSession) -> None:
            for number in numbers:
                body = {"model": "m", "messages": [{"role": "user", "content": prompt(number)}]}
                async with session.post(f"{url}/chat/completions", json=body) as response:
                    assert (await response.json())["choices"]

        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(work(session) for _ in range(concurrency)))

    asyncio.run(ask_all())


def openai_default(url: str, num: int, concurrency: int) -> None:
    """Ask by the openai client as it comes."""
    import openai

    async def ask_all() -> None:
        numbers = iter(range(num))

        async def work(client: openai.AsyncOpenAI) -> None:
            for number in numbers:
                asked = await client.chat.completions.create(
                    model="m", messages=[{"role": "user", "content": prompt(number)}]
                )
                assert asked.choices

        async with openai.AsyncOpenAI(api_key="none", base_url=url) as client:
            await asyncio.gather(*(work(client) for _ in range(concurrency)))

    asyncio.run(ask_all())


def curator(url: str, num: int, concurrency: int) -> None:
    """Ask by bespokelabs-curator, its cache in a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CURATOR_CACHE_DIR"] = folder
        import litellm

        # The tokenizer that comes with litellm, which curator would else fetch from the network.
        tokenizers = Path(litellm.__file__).parent / "litellm_core_utils" / "tokenizers"
        os.environ["TIKTOKEN_CACHE_DIR"] = str(tokenizers)
        from bespokelabs import curator as peer

        llm = peer.LLM(
            model_name="gpt-4o-mini",
            backend="openai",
            backend_params={
                "base_url": url, "max_concurrent_requests": concurrency, "max_requests_per_minute": 10_000_000,
                "max_tokens_per_minute": 10_000_000_000,
            },
        )  # fmt: skip
        answered = llm([prompt(number) for number in range(num)])
        assert len(getattr(answered, "dataset", answered)) == num


def distilabel(url: str, num: int, concurrency: int) -> None:
    """Ask by distilabel, in batches of the concurrency."""
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    with tempfile.TemporaryDirectory() as folder, Pipeline(name="benchmark", cache_dir=folder) as pipeline:
        load = LoadDataFromDicts(
            data=[{"instruction": prompt(number)} for number in range(num)], batch_size=concurrency
        )
        llm = OpenAILLM(model="m", base_url=url, api_key="none")
        load >> TextGeneration(llm=llm, input_batch_size=concurrency)
        assert len(pipeline.run(use_cache=False)["default"]["train"]) == num


CLIENTS: dict[str, Callable[[str, int, int], None]] = {
    "aiohttp": aiohttp_bare, "stage": stage, "openai": openai_default, "curator": curator, "distilabel": distilabel,
    "through": through_curator,
}  # fmt: skip


STARTS = {
    "aiohttp": "aiohttp",
    "stage": "open_thoughts_gen.chat.wire",
    "resume": "open_thoughts_gen.chat.wire",
    "openai": "openai",
    "curator": "bespokelabs.curator",
    "distilabel": "distilabel.pipeline",
    "through": "open_thoughts_gen.teachers.curator",
}
QUIET = {"TELEMETRY_ENABLED": "0", "CURATOR_VIEWER": "0", "OPENAI_API_KEY": "none"}


def fill(cache: Path, num: int, num_bytes: int) -> None:
    """Write the responses that a run of `num` questions would have got, each of about so many bytes."""
    from benchmarks.loopback import completion
    from open_thoughts_gen.cache import Response, ResponseCache
    from open_thoughts_gen.chat import Chat, resolve
    from open_thoughts_gen.teachers.openai import Openai
    from open_thoughts_gen.types import Question, Request

    payload = completion(num_bytes).partition(b"\r\n\r\n")[2]
    teacher = Openai(model="http://127.0.0.1:9/v1#m")
    with ResponseCache(cache) as opened:
        chat = Chat(resolve(teacher.model), opened)
        for start in range(0, num, 1000):
            calls = [teacher.call(Request(Question(prompt(number)))) for number in range(start, min(num, start + 1000))]
            noise = [os.urandom(num_bytes // 4).hex().encode() for _ in calls]
            opened.put_many(
                [
                    Response(
                        chat.key(call), payload.replace(b"so " * (num_bytes // 6), text), "http://127.0.0.1:9/v1", "m"
                    )
                    for call, text in zip(calls, noise, strict=True)
                ]
            )


@contextmanager
def server(latency_s: Seconds, num_bytes: int, *options: str) -> Iterator[str]:
    """Serve in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.loopback", "--latency", str(latency_s)]
    command += ["--answer-bytes", str(num_bytes), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def measured(client: str, url: str, num: int, concurrency: int, python: str = sys.executable) -> dict[str, float]:
    """Measure one client in a new process."""
    command = [python, "-m", "benchmarks.teacher", "one", client, url, str(num), str(concurrency)]
    environ = {**os.environ, **QUIET}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    if ended.returncode:
        raise SystemExit(f"{client} failed:\n{ended.stderr[-2000:]}")
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def one(client: str, url: str, num: int, concurrency: int) -> None:
    """Run one client here, and print what it took."""
    importlib.import_module(STARTS[client])  # start-up is not what is measured
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, hard), hard))
    wall, cpu = time.perf_counter(), time.process_time()
    if client == "resume":
        _stage(url, num, concurrency, Path(os.environ["BENCHMARK_CACHE"]))
    else:
        CLIENTS[client](url, num, concurrency)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu -= children.ru_utime + children.ru_stime
    spent = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    peak_mb = max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, children.ru_maxrss) / 1024
    print(json.dumps({**spent, "peak_mb": peak_mb}))


def median(runs: list[dict[str, float]]) -> dict[str, float]:
    """Return the medians of each figure."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def flow(chosen: argparse.Namespace) -> None:
    """Compare clients on one server, in turns."""
    peers = dict(peer.split("=", 1) for peer in chosen.peer_python)
    pythons = {"aiohttp": sys.executable, "stage": sys.executable, "openai": sys.executable, **peers}
    clients = [client for client in pythons if not chosen.only or client in chosen.only.split(",")]
    runs: dict[str, list[dict[str, float]]] = {client: [] for client in clients}
    for _ in range(chosen.repeats):
        for client in clients:
            with server(chosen.latency, chosen.answer_bytes) as url:
                runs[client].append(measured(client, url, chosen.num, chosen.concurrency, pythons[client]))
    ideal_s = chosen.latency * -(-chosen.num // chosen.concurrency)
    print(f"{chosen.num:,} calls of {chosen.latency:g} s, {chosen.concurrency:,} in flight, ideal {ideal_s:.1f} s, "
          f"medians of {chosen.repeats}")  # fmt: skip
    base = median(runs["aiohttp"])["wall_s"] if "aiohttp" in runs else 0.0
    for client, found in ((client, median(runs[client])) for client in clients):
        ratio = f"{found['wall_s'] / base:5.2f}x" if base else ""
        print(
            f"{client:12} {found['wall_s']:7.2f} s wall {found['cpu_s']:7.2f} s CPU {found['peak_mb']:6.0f} MB {ratio}"
        )


def flat(chosen: argparse.Namespace) -> None:
    """Compare the CPU of a call in a small run with that in a large one."""
    with server(0.02, chosen.answer_bytes) as url:
        small = median([measured("stage", url, 1000, chosen.concurrency) for _ in range(chosen.repeats)])
        large = measured("stage", url, chosen.num, chosen.concurrency)
    cost_small, cost_large = small["cpu_s"] / 1000, large["cpu_s"] / chosen.num
    print(f"CPU a call: 1,000 calls {cost_small * 1e6:.0f} us, {chosen.num:,} calls {cost_large * 1e6:.0f} us, "
          f"{cost_large / cost_small:.2f}x; {large['peak_mb']:.0f} MB")  # fmt: skip


def resume(chosen: argparse.Namespace) -> None:
    """Read a whole run from the cache."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_DIR")) as folder:
        cache = Path(folder) / "responses.sqlite"
        fill(cache, chosen.num, 20_000)
        os.environ["BENCHMARK_CACHE"] = str(cache)
        url = "http://127.0.0.1:9/v1"
        found = median([measured("resume", url, chosen.num, 64) for _ in range(chosen.repeats)])
    print(f"resume of {chosen.num:,} responses of 20 kB: {found['wall_s']:.1f} s wall, {found['cpu_s']:.1f} s CPU, "
          f"{found['peak_mb']:.0f} MB")  # fmt: skip


def kills(chosen: argparse.Namespace) -> None:
    """Kill one run by SIGKILL at random moments, and count what the server was asked."""
    from tests.killing import killed

    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_DIR")) as folder:
        found = killed(Path(folder), num_questions=chosen.num, num_kills=chosen.kills, concurrency=32, latency_s=0.05)
    in_vain = found.num_in_flight + found.num_in_between
    same = "the same bytes" if found.bytes_killed == found.bytes_whole else "OTHER BYTES"
    print(f"{chosen.num:,} questions, {chosen.kills} kills, {found.num_asking} of them with calls on the wire: "
          f"{found.num_asked:,} requests = {found.num_calls:,} + {in_vain:,} on the wire at a kill "
          f"({found.num_in_between:,} of them sent and not yet stored, {found.max_in_between} at most in one kill), "
          f"which {'holds' if found.num_asked == found.num_calls + in_vain else 'DOES NOT HOLD'}; "
          f"dataset: {same}; {found.wall_s:.0f} s")  # fmt: skip


def main() -> None:
    """Measure what the arguments say."""
    if sys.argv[1:2] == ["one"]:
        client, url, num, concurrency = sys.argv[2:6]
        one(client, url, int(num), int(concurrency))
        return
    options = argparse.ArgumentParser(description="Measure the teacher stage.")
    options.add_argument("figure", choices=["flow", "flat", "resume", "kills"])
    options.add_argument("--num", type=int, help="calls (default: 4,000 for flow, else 100,000)")
    options.add_argument("--concurrency", type=int, default=256)
    options.add_argument("--latency", type=float, default=0.5)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--answer-bytes", type=int, default=400)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--only", default="", help="clients of flow, with commas")
    options.add_argument("--peer-python", action="append", default=[], metavar="NAME=PATH")
    chosen = options.parse_args()
    chosen.num = chosen.num or {"flow": 4000, "kills": 2000}.get(chosen.figure, 100_000)
    {"flow": flow, "flat": flat, "resume": resume, "kills": kills}[chosen.figure](chosen)


if __name__ == "__main__":
    main()
