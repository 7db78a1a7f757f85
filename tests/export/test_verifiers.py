"""What `export --for verifiers` writes, loaded and played by the package verifiers itself where it is installed.

`.ci/run` installs it in an environment of its own. The model is a server on loopback; the agent asks it once.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen import cli
from tests.servers.chat_server import Body, ChatServer, completion

ANSWERS = {"What is 2 plus 2?": "<think>\nAnswer: 5?\n</think>\n\nAnswer: 4", "What is 3 plus 3?": "Answer: 7"}
AGENT = '''\
"""An agent that asks the model once, through the endpoint that verifiers gives it."""

import httpx
import verifiers.v1 as vf

__all__ = ["Asking"]


class Asking(vf.Harness[vf.HarnessConfig]):
    NEEDS_CONTAINER = False
    EXECUTES_CODE = False

    async def launch(self, ctx, trace, runtime, endpoint, secret, mcp_urls, data, tool_interception_url=None):
        asked = {"model": ctx.model, "messages": [{"role": "user", "content": data.prompt}]}
        async with httpx.AsyncClient(timeout=60, headers={"Authorization": f"Bearer {secret}"}) as client:
            said = await client.post(f"{endpoint}/chat/completions", json=asked)
        return vf.ProgramResult(exit_code=0 if said.is_success else 1, stdout="", stderr=said.text)
'''


def said(body: Body) -> object:
    return completion(ANSWERS.get(body["messages"][-1]["content"], "Hm\nand so"))


def test_verifiers_loads_the_environment_and_rewards_right_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("verifiers")
    vf: Any = importlib.import_module("verifiers.v1")
    monkeypatch.chdir(tmp_path)
    rows = ({"question": f"What is {i} plus {i}?", "reference": str(2 * i)} for i in range(2, 5))
    Path("sums.jsonl").write_text("".join(json.dumps({**row, "response": "Answer: 0"}) + "\n" for row in rows))
    assert cli.main(["export", "sums.jsonl", "--for", "verifiers", "--verifier", "exact", "--out", "env"]) == 0
    Path("env", "asking.py").write_text(AGENT)
    monkeypatch.syspath_prepend(tmp_path / "env")
    agent = {"harness": {"id": "asking"}, "runtime": {"type": "subprocess"}}
    env = vf.load_environment(vf.resolve_env_config({"taskset": {"id": "env_sums_jsonl"}, "agent": agent}))

    async def played(url: str) -> dict[str, float]:
        context = vf.ModelContext(
            model="m", client=vf.EvalClientConfig(base_url=url, api_key_var="NONE"), sampling=vf.SamplingConfig()
        )
        async with env.serving():
            episodes = [await env.run_episode(task, context) for task in env.taskset]
        assert all(episode.ok for episode in episodes), [
            error.message for episode in episodes for trace in episode.traces for error in trace.errors
        ]
        return {episode.task.data.prompt: episode.traces[0].rewards["correct"].score for episode in episodes}

    with ChatServer(answer=said) as server:
        scores = asyncio.run(played(server.url))
    assert scores == {"What is 2 plus 2?": 1.0, "What is 3 plus 3?": 0.0, "What is 4 plus 4?": 0.0}
    for name in ("asking", "env_sums_jsonl.taskset", "env_sums_jsonl"):
        sys.modules.pop(name, None)
