from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.teachers._asking import Asking
from open_thoughts_gen.teachers._template import UnfitQuestionError, check_template, render
from open_thoughts_gen.types import Question, Request, Trace

RECIPE = """\
name: sums
source: {use: family, family: statutes, limit: 2}
teacher:
  use: openai
  model: ollama/m
  prompt: "{{ question }}"
publish: {title: T}
"""


def test_a_template_speaks_of_the_question() -> None:
    question = Question("2+2?", "4", "math", meta={"level": 3})
    assert render("{{ prompt }} ({{ domain }}, {{ meta.level }})\n", question) == "2+2? (math, 3)\n"
    assert render("{% if reference is defined %}known{% else %}open{% endif %}", Question("?")) == "open"


@given(st.text())
def test_a_prompt_full_of_braces_comes_through_as_it_is(prompt: str) -> None:
    assert render("{{ prompt }}", Question(prompt)) == prompt


@pytest.mark.parametrize("template", ["{{ reference }}", "{{ meta.level }}", "{{ meta['level'] }}", "{{ 1 / 0 }}"])
def test_what_a_question_lacks_makes_it_unfit(template: str) -> None:
    check_template(template)
    with pytest.raises(UnfitQuestionError, match="template"):
        render(template, Question("?"))


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ promt }}", "did you mean 'prompt'"),
        ("{{ level }}", "meta.level"),
        ("one\n{% if %}", "line 2 of the template"),
        ("{{ prompt }", "line 1 of the template"),
        ("{{ prompt | no_such_filter }}", "no_such_filter"),
    ],
)
def test_a_fault_is_told_before_anything_is_asked(template: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        check_template(template)


HOSTILE = [
    "{{ prompt.__class__.__mro__ }}",
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ prompt | attr('__class__') }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ meta.__init__.__globals__ }}",
    "{{ '{0.__class__}'.format(prompt) }}",
    "{{ '{0.__class__}'.format_map({'0': prompt}) }}",
    "{{ meta.update({'a': 1}) }}",
    "{{ meta.setdefault('a', 1) }}",
    "{% set _ = meta.pop('b') %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os }}",
    "{% extends 'base' %}",
    "{% for i in range(10 ** 9) %}{% endfor %}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ joiner.__init__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ namespace.__init__ }}",
    "{{ self.__init__ }}",
    "{{ (lambda: 1)() }}",
    "{{ prompt() }}",
]


def made_by(template: str, question: Question) -> str:
    check_template(template)
    return render(template, question)


@pytest.mark.parametrize("template", HOSTILE)
def test_a_template_stays_in_its_sandbox(template: str) -> None:
    question = Question("?", meta={"b": 2})
    with pytest.raises((UnfitQuestionError, UserError)):
        made_by(template, question)
    assert question.meta == {"b": 2}


def test_a_question_is_no_template_and_is_not_made_again() -> None:
    hostile = Question("{{ ''.__class__ }} {% raw %} {0.__class__}", "{{ prompt }}")
    assert render("{{ prompt }}|{{ reference }}", hostile) == f"{hostile.prompt}|{hostile.reference}"


def test_an_answer_conditioned_prompt_needs_the_answer() -> None:
    conditioned = "{{ prompt }}\nThe answer is {{ reference }}. Explain how to reach it."
    asking = Asking(prompt=conditioned, system="You teach.")
    told = asking.call(Request(Question("2+2?", "4"))).messages
    assert [turn["content"] for turn in told] == ["You teach.", "2+2?\nThe answer is 4. Explain how to reach it."]
    with pytest.raises(UnfitQuestionError, match="'reference' is undefined"):
        asking.call(Request(Question("2+2?")))
    # Two questions that differ in their answers alone are two calls.
    calls = [asking.call(Request(Question("2+2?", reference))) for reference in ("4", "5")]
    assert calls[0] != calls[1]


def test_a_fault_of_a_recipe_has_its_line(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(RECIPE)
    with pytest.raises(UserError) as caught:
        load_recipe(recipe)
    (fault,) = caught.value.faults
    assert (fault.where, "'question'" in fault.message) == (f"{recipe}:6", True)


def test_a_domain_has_its_own_prefix() -> None:
    asking = Asking(prefix="Answer: ", prefixes={"math": "Box it: "}, prompt="<{{ prompt }}>", system="Think.")
    contents = [asking.call(Request(Question("?", domain=domain))).messages for domain in ("math", "law")]
    assert [[turn["content"] for turn in turns] for turns in contents] == [
        ["Think.", "Box it: <?>"],
        ["Think.", "Answer: <?>"],
    ]


def test_a_question_that_does_not_fit_is_a_failed_trace_and_no_call() -> None:
    unfit: list[Trace] = []
    requests = [Request(Question("1?")), Request(Question("2?", "4"))]
    calls = list(Asking(prompt="{{ reference }}").calls(requests, unfit=unfit, label="m"))
    assert [request.question.prompt for request, _ in calls] == ["2?"]
    assert [(trace.finish_reason, "reference" in str(trace.error)) for trace in unfit] == [("error", True)]
