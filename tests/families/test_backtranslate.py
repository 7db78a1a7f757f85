"""What a model is asked about each printed alternative, and what is listed; the model is a server on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from open_thoughts_gen.families.kit.family import schemes_of
from open_thoughts_gen.families.statutes import schemes
from tests.backtranslate import Choice, choices, main
from tests.servers.chat_server import Body, ChatServer, completion


@pytest.fixture(scope="module")
def asked() -> list[Choice]:
    return list(choices(schemes_of(schemes)["fault"]))


def test_every_printed_alternative_is_asked_about_with_its_values_and_wrong_statements(asked: list[Choice]) -> None:
    assert all(2 <= len(choice.statements) == len(set(choice.statements)) <= 5 for choice in asked)
    assert all(choice.text in choice.prompt for choice in asked)
    settled = next(choice for choice in asked if choice.bank == "prompt/story.settled")
    own = settled.statements["ABCDE".index(settled.right)]
    assert own.startswith("settled (second: ")
    exchanged = [said for said in settled.statements if said.startswith("settled (") and said != own]
    assert exchanged, "the same with two parties in each other's place is offered too"
    assert len({choice.bank for choice in asked}) > 30
    assert {choice.right for choice in asked} >= {"A", "B", "C"}


def test_what_the_model_takes_for_something_else_is_listed_and_nothing_else(
    asked: list[Choice], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = {choice.prompt: choice.right for choice in asked}
    mistaken, open_ = asked[3], asked[-1]

    def answer(body: Body) -> object:
        prompt = body["messages"][-1]["content"]
        if prompt == mistaken.prompt:
            return completion(next(letter for letter in "AB" if letter != right[prompt]))
        return completion("?" if prompt == open_.prompt else right[prompt])

    with ChatServer(answer=answer) as server:
        arguments = [
            "statutes",
            "--schemes",
            "fault",
            "--model",
            server.spec,
            "--stored",
            str(tmp_path / "stored.sqlite"),
        ]
        main(arguments)
        num_asked = len(server.asked)
        main(arguments)
        assert len(server.asked) == num_asked  # the answers were kept
    first, *listed = capsys.readouterr().out.splitlines()[: 1 + 2]
    assert first == f"fault: {len(asked):,} alternatives, 2 to look at"
    assert [mistaken.text in listed[0], open_.text in listed[1]] == [True, True]
    assert "none of them" in listed[1]
