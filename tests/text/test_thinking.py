"""Reasoning is split off at the marks of every model, in linear time, and what is left over is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.text import left_over, split_thinking
from open_thoughts_gen.text.thinking import TABLE

HARMONY = "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>{}<|return|>"
WHOLE = {
    "<think>": "<think>\n{}\n</think>\n\n{}",
    "capitals": "<THINK>{}</THINK>{}",
    "thinking": "<thinking>{}</thinking>\n{}",
    "thought": " <thought>{}</thought> {}",
    "reasoning": "\n<reasoning>{}</reasoning>{}",
    "seed": "<seed:think>{}</seed:think>{}",
    "magistral": "[THINK]{}[/THINK]{}",
    "kimi": "◁think▷{}◁/think▷{}",
    "sky-t1": "<|begin_of_thought|>\n\n{}\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n{}\n\n<|end_of_solution|>",
    "gemma": "<|channel>thought\n{}\n<channel|>{}<turn|>",
    "cohere": "<|START_THINKING|>{}<|END_THINKING|><|START_RESPONSE|>{}<|END_RESPONSE|>",
    "apertus": "<|inner_prefix|>{}<|inner_suffix|>{}",
    "granite": "<think>{}</think><response>{}</response>",
    "minimax": "<mm:think>\n{}</mm:think>\n\n{}",
    "harmony": HARMONY,
    "harmony from its start": "<|start|>assistant" + HARMONY,
    "harmony without tokens": "analysis{}assistantfinal{}",
    "opened in the prompt": "{}\n</think>\n\n{}",
    "opened in the prompt, seed": "{}</seed:think>{}",
    "an end of turn": "<think>{}</think>{}<|im_end|>",
}


@pytest.mark.parametrize("name", WHOLE)
def test_reasoning_is_split_from_the_response(name: str) -> None:
    reasoning, response = split_thinking(WHOLE[name].format("Two and two.\n\nFour.", "Answer: 4"))
    assert (reasoning, response) == ("Two and two.\n\nFour.", "Answer: 4")
    assert left_over(response) == ""


@pytest.mark.parametrize(
    ("text", "reasoning", "response"),
    [
        ("Answer: 4", "", "Answer: 4"),
        ("<think>never closed", "never closed", ""),
        ("<think>\n\n</think>\n\nAnswer: 4", "", "Answer: 4"),
        ("<think>one</think>\n<think>two</think>four", "one\n\ntwo", "four"),
        ("The tag </reasoning> ends it.", "", "The tag </reasoning> ends it."),
        ("In HTML, <think> is not a tag.", "", "In HTML, <think> is not a tag."),
        ("analysis of the case: 4", "", "analysis of the case: 4"),
        ("<|channel|>analysis<|message|>only a thought", "only a thought", ""),
        ("<|channel|>final<|message|>4<|return|>", "", "4"),
        ("<|channel|>commentary<|message|>Let me see.<|end|><|channel|>final<|message|>4", "Let me see.", "4"),
    ],
)
def test_what_is_not_marked_as_reasoning_is_the_response(text: str, reasoning: str, response: str) -> None:
    assert split_thinking(text) == (reasoning, response)


def test_a_recipe_can_name_other_tags() -> None:
    text = "<scratchpad>I add.</scratchpad>Answer: 4"
    assert split_thinking(text) == ("", text)
    assert split_thinking(text, ("scratchpad",)) == ("I add.", "Answer: 4")


@pytest.mark.parametrize("text", ["4</think>", "4 [/THINK]", "<|channel|>final 4", "so </thought> it is", "4<|end|>."])
def test_marks_that_are_left_in_a_response_are_named(text: str) -> None:
    assert left_over(text) in text
    assert left_over(text) != ""


@given(text=st.text("<>|/[]◁▷ \nab") | st.lists(st.sampled_from([m for row in TABLE for m in row[:2]])).map("".join))
def test_no_text_breaks_the_reader_and_nothing_is_said_twice(text: str) -> None:
    reasoning, response = split_thinking(text)
    assert len(reasoning) + len(response) <= len(text) + 2 * text.count("</") + 8


MARKS = ("<think>", "</think>", "<|channel|>", "<|end|> ", "\n", "</s>", "analysis", "[THINK]")


@pytest.mark.parametrize("mark", MARKS)
def test_hostile_texts_are_read_in_one_pass(mark: str) -> None:
    reasoning, response = split_thinking(mark * 100_000 + "x")
    assert len(reasoning) + len(response) <= len(mark) * 100_000 + 1
