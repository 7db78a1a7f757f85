"""What a fair judge says, for the loopback endpoint: it reads the quoted material, and compares final answers.

It is a model's stand-in, so it knows nothing but the messages that it is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from open_thoughts_gen.text import FOLDS, normalise, stated_answer, unwrap
from tests.servers.chat_server import completion

Body = Mapping[str, Any]
_CODE = re.compile(r"bear the code ([0-9a-f]{12})")


def code_in(body: Body) -> str:
    found = _CODE.search(body["messages"][0]["content"])
    assert found, "the judge was told no code"
    return found.group(1)


def material(body: Body) -> dict[str, str]:
    """Return what is quoted, by the name on its marks."""
    code, text = code_in(body), body["messages"][1]["content"]
    quoted = re.compile(rf"^\[([A-Z ]+) {code}\]\n(.*?)\n\[END OF \1 {code}\]$", re.DOTALL | re.MULTILINE)
    return {name: inner for name, inner in quoted.findall(text)}


def verdict_on(body: Body) -> str:
    """Compare the two answers shown; a response is held against the reference beside it."""
    shown = material(body)
    pair = [shown[name] for name in ("ANSWER A", "ANSWER B", "RESPONSE", "REFERENCE") if name in shown]
    found = [normalise(unwrap(stated_answer(each) or each), (*FOLDS, "punctuation")) for each in pair]
    words = ("same", "different") if "ANSWER A" in shown else ("correct", "incorrect")
    return words[0] if len(set(found)) == 1 and all(found) else words[1]


def ballot(body: Body, verdict: str, reason: str = "I compared the two.") -> str:
    """Return a reply in the form that was asked for."""
    return json.dumps({"reason": reason, "verdict": verdict, "code": code_in(body)})


def fair(body: Body) -> object:
    """Judge rightly, in the right form."""
    return completion(ballot(body, verdict_on(body)))


def grading(body: Body) -> object:
    """Grade by what the question says of itself: "level 7"; 1 where it says nothing."""
    level = re.search(r"level (\d+)", material(body)["QUESTION"])
    grade = int(level[1]) if level else 1
    return completion(json.dumps({"reason": "It says so.", "grade": grade, "code": code_in(body)}))


def writing(body: Body) -> object:
    """Write as many questions as are asked for, each unlike all others, with whatever they have to come with."""
    system, seed = body["messages"][0]["content"], body["messages"][1]["content"]
    code, wanted = re.search(r'"code": "([0-9a-f]{12})"', system), re.search(r"Write (\d+)", system)
    assert code
    assert wanted
    digest = sha256(f"{seed}{body.get('seed')}{code[1]}".encode()).hexdigest()
    written = [
        {
            "question": f"What follows from {digest[i * 9 : i * 9 + 9]} {digest[::-1][i * 7 : i * 7 + 20]}?",
            "answer": "x",
        }
        for i in range(int(wanted[1]))
    ]
    return completion(json.dumps({"questions": written, "code": code[1]}))


def saying(*replies: str | Callable[[Body], str]) -> Callable[[Body], object]:
    """Return a judge that says these things in turn, and the last for ever; `{code}` stands for the code."""
    left = list(replies)

    def answer(body: Body) -> object:
        said = left.pop(0) if len(left) > 1 else left[0]
        return completion(said(body) if callable(said) else said.replace("{code}", code_in(body)))

    return answer


def naming(body: Body) -> object:
    """Name as many topics as are asked for, each unlike all others."""
    system, topic = body["messages"][0]["content"], body["messages"][1]["content"]
    wanted = re.search(r"Name (\d+)", system)
    assert wanted
    digest = sha256(topic.encode()).hexdigest() * 4
    named = [digest[i * 11 : i * 11 + 11] for i in range(int(wanted[1]))]
    return completion(json.dumps({"topics": named, "code": code_in(body)}))
