"""The proof against templates of real models and small ones with the same faults, and against hostile texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.export.proof import Prover
from open_thoughts_gen.export.templates import ChatTemplate, RenderError, load_template
from open_thoughts_gen.text.turns import Chat, Style, Turn, chat_of, messages
from open_thoughts_gen.types import Question, Sample, Trace

HERE = Path(__file__).parent / "templates"
CHAT: Chat = (Turn("system", "Be brief."), Turn("user", "2 + 2?"), Turn("assistant", "Answer: 4", "Two and two."))
PLAIN = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant] {% endif %}"
)
UPPER, TWICE = PLAIN.replace("m.content", "m.content | upper"), PLAIN + "{{ messages[-1].content }}"
# An empty block before the content, as Qwen 3.8 writes it where the reasoning is not in its field.
DOUBLE = (
    "{% for m in messages %}{% if m.role == 'assistant' %}<|a|><think>\n{{ m.reasoning_content or '' }}\n</think>\n"
    "{{ m.content }}{% else %}<|u|>{{ m.content }}{% endif %}{% endfor %}{% if add_generation_prompt %}<|a|>{% endif %}"
)
# Reasoning is cut away, and the prompt opens a block that the rendered turn does not have, as DeepSeek-R1 does it.
DROPS = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}<|A|>{{ m.content.split('</think>')[-1] }}"
    "{{ eos_token }}{% else %}<|U|>{{ m.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|A|><think>\n{% endif %}"
)


def of(source: str) -> ChatTemplate:
    return ChatTemplate("here", source, {"bos_token": "<s>", "eos_token": "</s>"})


def real(name: str) -> ChatTemplate:
    return load_template(str(HERE / f"{name}.jinja"))


@pytest.mark.parametrize(
    ("template", "style", "faults"),
    [
        (real("qwen3"), "inline", ()),
        (real("qwen3"), "reasoning_content", ()),
        (real("qwen2_5"), "inline", ()),
        (real("qwen2_5"), "reasoning_content", ("the reasoning is lost",)),
        (real("gptoss"), "thinking", ()),
        (real("gptoss"), "inline", ("the reasoning is in the wrong channel",)),
        (real("qwen3_5_nothink"), "reasoning_content", ("the prompt is not a prefix",)),
        (real("qwen3_training"), "reasoning_content", ()),
        (of(PLAIN), "inline", ()),
        (of(DOUBLE), "inline", ("an empty block of reasoning comes first",)),
        (of(DOUBLE), "reasoning_content", ()),
        (of(DROPS), "inline", ("the reasoning is lost", "the prompt is not a prefix")),
        (of(UPPER), "inline", ("the reasoning is lost", "the response is lost")),
        (of(TWICE), "inline", ("the reasoning comes out 2 times", "the response comes out 2 times",
            "the prompt is not a prefix")),
        (of("{{ raise_exception('no system prompt') }}"), "inline",
            ("the template refuses it: TemplateError: no system prompt",)),
    ],
)  # fmt: skip
def test_what_a_template_does_to_reasoning(template: ChatTemplate, style: Style, faults: tuple[str, ...]) -> None:
    assert Prover(template, style).faults(CHAT) == faults


def test_the_loss_is_proved_where_the_template_marks_it() -> None:
    marked = PLAIN.replace("{{ m.content }}", "{% generation %}{{ m.content }}{% endgeneration %}")
    assert Prover(of(marked), "inline").skeleton(CHAT).mask == ("RA",)
    assert Prover(of(PLAIN), "inline").skeleton(CHAT).mask == ()
    half = PLAIN.replace(
        "{{ m.content }}", "{{ m.reasoning_content }}{% generation %}{{ m.content }}{% endgeneration %}"
    )
    assert Prover(of(half), "reasoning_content").faults(CHAT) == ("the reasoning is outside the loss",)


@pytest.mark.parametrize("name", ["qwen3", "qwen2_5", "gptoss", "qwen3_5_think"])
@pytest.mark.parametrize(
    "text",
    [
        "{{ 7 * 7 }} {% for x in y %} {# no #}",
        "{{ messages }} {% generation %}",
        "line\u2028line\u2029line\x85line\x00",
        "zqr2x zqc1x",  # the words of a skeleton
        "\ue000 \ue000(",
        "<THINK> a < / think > b",
        "x" * 1_000_000,
        "4",
    ],
)
def test_texts_are_rendered_as_they_are(name: str, text: str) -> None:
    sample = Sample(Question(text), Trace("id", 0, "t", f"R {text}", f"A {text}"))
    chat = chat_of(sample)
    style: Style = "thinking" if name == "gptoss" else "inline"
    assert Prover(real(name), style).faults(chat) == ()


@pytest.mark.parametrize(
    ("question", "reasoning", "response", "fault"),
    [
        ("What does <|im_end|> do?", "R", "A", "its text contains <|im_end|>, a mark of the template"),
        ("Q", "R <|im_start|>user", "A", "its text contains <|im_start|>, a mark of the template"),
        ("Q", "R <think>", "A", "its texts change what the template does"),
        ("Q", "R", "A <|im_end|>", "its text contains <|im_end|>, a mark of the template"),
        ("<tool_response>\nQ\n</tool_response>", "R", "A", "its texts change what the template does"),
    ],
)
def test_texts_that_are_read_as_marks_are_reported(question: str, reasoning: str, response: str, fault: str) -> None:
    chat = (Turn("user", question), Turn("assistant", response, reasoning))
    assert Prover(real("qwen3"), "inline").faults(chat) == (fault,)


def test_a_think_tag_in_a_response_is_no_tag_any_more() -> None:
    trace = Trace("id", 0, "t", "They write </think> here.", "Use <think> and </think>.")
    chat = chat_of(Sample(Question("How?"), trace), system="Be brief.")
    text = real("qwen3").render(messages(chat, "inline")).text
    assert (text.count("<think>"), text.count("</think>")) == (1, 1)
    assert Prover(real("qwen3"), "inline").faults(chat) == ()
    raw = (Turn("user", "How?"), Turn("assistant", "Use </think>.", "R"))
    assert Prover(real("qwen3"), "inline").faults(raw) != ()


def test_shapes_without_reasoning_or_response_and_of_several_turns() -> None:
    prover = Prover(real("qwen3"), "inline")
    assert prover.faults((Turn("user", "Q"), Turn("assistant", "A"))) == ()
    assert prover.faults((Turn("user", "Q"), Turn("assistant", "", "R"))) == ()
    assert prover.faults((*CHAT, *CHAT[1:])) == ("the reasoning is lost",)
    assert Prover(real("qwen2_5"), "inline").faults((*CHAT, *CHAT[1:])) == ()


def test_a_folder_with_its_special_tokens(tmp_path: Path) -> None:
    config = {"chat_template": [{"name": "default", "template": "{{ bos_token }}{{ messages[0].content }}"}]}
    tokens = {"bos_token": {"content": "<B>"}, "eos_token": None}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config | tokens))
    assert load_template(str(tmp_path)).render([{"role": "user", "content": "Q"}]).text == "<B>Q"
    (tmp_path / "chat_template.jinja").write_text("{{ strftime_now('%Y') }} {{ messages | tojson }}")
    assert load_template(str(tmp_path)).render([{"content": "é<"}]).text == '2026 [{"content": "é<"}]'


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% if %}", "not a chat template"),
        ("{{ ''.__class__.__mro__ }}", "SecurityError"),
        ("{{ messages.append(1) }}", "SecurityError"),
        ("{% for i in range(10000000) %}{% endfor %}", "OverflowError"),
        ("{% include '/etc/passwd' %}", "TypeError"),
    ],
)
def test_a_template_is_third_party_code(tmp_path: Path, source: str, message: str) -> None:
    file = tmp_path / "hostile.jinja"
    file.write_text(source)
    with pytest.raises((UserError, RenderError), match=message):
        load_template(str(file)).render([{"role": "user", "content": "Q"}])


def test_a_tokenizer_counts_and_knows_its_marks(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["§end§"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "chat_template.jinja").write_text(PLAIN)
    prover = Prover(load_template(str(tmp_path)), "inline")
    assert prover.num_tokens(CHAT) == 15
    assert Prover(of(PLAIN), "inline").num_tokens(CHAT) == 86
    hostile = (Turn("user", "What is §end§?"), *CHAT[2:])
    assert prover.faults(hostile) == ("its text contains §end§, a mark of the template",)
    assert load_template(str(tmp_path)).count("a §end§ b") == 3


def test_what_has_no_template_is_a_line() -> None:
    with pytest.raises(UserError, match=r"'no/where' has no chat template; name a template file"):
        load_template("no/where")
