r"""Where a response states its answer: one table of marks, shared by every verifier.

A mark is what models and prompts put around an answer or before it. In the order in which they count:

1. the recipe's own marks (`answer_marks`): `Ergebnis:`, or `<result>{answer}</result>`;
2. `<answer>...</answer>`; a mark inside the tags counts there;
3. the last `\boxed{...}`, with those that stand right before it: several boxes in a row are one answer;
4. a line or sentence that names the answer: `Final Answer: 73`, `**Answer**` with the value below, `#### 73` last,
   `So the final answer is 73.`, in a dozen languages; and after these, `The answer is 73.`;
5. without any mark: a response of one short line, or a last line that is nothing but a value.

Of several marks of one rank the last counts. A box that is never closed is an answer that never came.

Every search is one pass over the text with bounded repetition, so the time is linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from open_thoughts_gen.text.folding import closing_brace, num_words, unwrap

_MAX_LINE = 200  # of an answer without a mark
_MAX_BELOW = 1000  # of an answer under its heading
_MAX_BOXES = 12
_MAX_BETWEEN = 40
_MAX_NESTED = 3
_PLACEHOLDER = "{answer}"

_BOX_START = re.compile(r"\\(?:boxed|fbox)\s{0,20}\{")
_BETWEEN_BOXES = re.compile(r"(?:[\s$&,;]|\\[,;() ]|\\q?quad|\\text\s?\{\s?(?:and|or)\s?\}|and|or)*")
_OPEN_TAG, _CLOSE_TAG = re.compile(r"<answer>", re.IGNORECASE), re.compile(r"</answer>", re.IGNORECASE)

# What names the answer, in the languages in which models are asked: a noun with what may stand before it and after it.
_NOUNS = (
    *("answer", "final result", "final solution", "ответ", "réponse", "respuesta", "risposta", "resposta", "antwort"),
    *("antwoord", "eindantwoord", "jawaban", "odpowiedź", "cevap", "đáp án"),
    *("答案", "答え", "答", "정답", "답", "الإجابة", "الجواب", "उत्तर"),
)
_CASES = (str, str.capitalize, str.title, str.upper)  # written out: a pattern that ignores case is ten times as slow
_NOUN = re.compile("|".join(dict.fromkeys(case(noun) for noun in _NOUNS for case in _CASES)))
_BEFORE_NOUN = re.compile(
    r"(?:[^\w\n]|_){0,30}(?:text(?:bf|it)?\{\s?)?"
    r"(?:(?:so|thus|hence|therefore|then|finally|consequently|in conclusion|as a result|we conclude that|i think"
    r"|i believe|итак|таким образом|значит|所以|因此|故|综上|donc|por lo tanto|así que)[,，]?\s{0,3}){0,2}"
    r"(?:(?:the|my|our|la|die|het)\s)?(?P<final>(?:final|endgültige|最终的?|最後の|최종|अंतिम|ostateczna|окончательный|итоговый)\s?)?"
    r"(?:(?:correct|right|правильный|正确)\s?)?",
    re.IGNORECASE,
)
_AFTER_NOUN = re.compile(
    r"(?i:s\b)?(?: (?:finale?|akhir|النهائية|النهائي))?(?:[ \t]?\([^()\n]{0,40}\))?[*_}]{0,4}[ \t]{0,3}"
    r"(?:(?P<colon>[:：=])|(?P<verb>\b(?:is|are|equals|est|es|ist|è|é|это)\b(?!\s{1,3}not\b)|是|为|為|は)[ \t]?:?"
    r"|(?=[ \t]{0,3}(?:\n|$)))[*_}]{0,4}[ \t]{0,8}",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[\n.!?。！？;]")
_MAX_BEFORE_NOUN = 100
_HASHES = re.compile(r"####[ \t]{1,4}(?=\S)")
_BELOW = re.compile(r"(?:as follows|below|given by|the following)?\s?[:：]?", re.IGNORECASE)
_HOPE = re.compile(r"[.,]?\s{1,3}I hope (?:it|this) is correct\b", re.IGNORECASE)
_BLANK = re.compile(r"\n[ \t]*\n")
_RULE = re.compile(r"[-=_*— \t]{3,}")
_NOT_ALONE = re.compile(r"(?:[-+*•>|#]|\d{1,3}[.)])\s")  # an item of a list, a quotation, a heading
_NAMED_VALUE = re.compile(r"\\?[^\W\d]\w{0,9}(?:\([^\W\d]\))?\s?=[^=]+")
_MAX_WORDS = 2


def boxed(text: str) -> str | None:
    r"""Return what stands in the last `\boxed{...}` with balanced braces, or None."""
    starts = list(_BOX_START.finditer(text))
    closing = closing_brace(text, starts[-1].end() - 1) if starts else None
    return None if closing is None else text[starts[-1].end() : closing].strip()


def final_answer(response: str, marks: Sequence[str] = ()) -> str | None:
    """Return the answer that a response marks, or None; `marks` are the recipe's own, which count first."""
    return _marked(response, marks, _MAX_NESTED) or None


def stated_answer(response: str, marks: Sequence[str] = ()) -> str | None:
    """Return the answer that a response marks, or the one that it is without any mark, else None."""
    marked = _marked(response, marks, _MAX_NESTED)
    if marked is not None:
        return marked or None
    text = response.strip()
    if "\n" not in text:
        return text if 0 < len(text) <= _MAX_LINE else None
    lines = [line.strip() for line in text.split("\n")]
    lines = [line for line in lines if line and not _RULE.fullmatch(line)]
    if len(lines) == 1 or not _is_value(lines[-1]) or num_words(lines[-1]):
        return None  # only a last line that is nothing but a value may be the answer, where no other line is one
    return lines[-1] if not any(_is_value(line) and line != lines[-1] for line in lines[:-1]) else None


def why_no_answer(finish_reason: str) -> str:
    """Return why a response states no answer, by the reason for which it ended."""
    causes = {"length": "truncated", "error": "the call failed"}
    return f"no answer: {causes.get(finish_reason, 'the response marks none')}"


def _marked(response: str, marks: Sequence[str], depth: int) -> str | None:
    """Return the marked answer; empty where a mark has nothing after it, None if there is no mark."""
    for mark in marks:
        answer = _by_mark(response, mark)
        if answer is not None:
            return answer
    inside = tagged(response)
    if inside is not None:
        return (_marked(inside, (), depth - 1) if depth else None) or inside
    boxes = _boxes(response)
    if boxes is not None:
        return ", ".join(boxes)
    return _named(response, depth)


def _by_mark(response: str, mark: str) -> str | None:
    before, placeholder, after = mark.partition(_PLACEHOLDER)
    starts = list(re.finditer(re.escape(before.strip()), response, re.IGNORECASE)) if before.strip() else []
    if not starts:
        return None
    rest = response[starts[-1].end() :]
    if placeholder and after.strip():
        end = re.search(re.escape(after.strip()), rest, re.IGNORECASE)
        return rest[: end.start()].strip() if end else None
    return _value_at(rest.lstrip("*_ \t"), 0)


def tagged(response: str) -> str | None:
    """Return what stands in the last `<answer>` tags; the last may be open, where generation stopped at its end."""
    starts = list(_OPEN_TAG.finditer(response))
    if not starts:
        return None
    end = _CLOSE_TAG.search(response, starts[-1].end())
    inside = response[starts[-1].end() : end.start() if end else len(response)].strip()
    return inside if end or (len(inside) <= _MAX_LINE and "\n" not in inside) else None


def _boxes(response: str) -> list[str] | None:
    """Return what the last box holds, after what the boxes hold that stand right before it; None without a box."""
    contents: list[str] = []
    starts = list(_BOX_START.finditer(response))
    end = len(response)
    for start in reversed(starts[-_MAX_BOXES:]):
        closing = closing_brace(response, start.end() - 1, end)
        between = "" if end == len(response) or closing is None else response[closing + 1 : end][: _MAX_BETWEEN + 1]
        if closing is None or len(between) > _MAX_BETWEEN or not _BETWEEN_BOXES.fullmatch(between):
            break
        inside = response[start.end() : closing].strip()
        if not contents or contents[0] != inside:
            contents.insert(0, inside)
        end = start.start()
    return [inside for inside in contents if inside] if starts else None


def _named(response: str, depth: int) -> str | None:
    """Return what the last line or sentence that names the answer says it is."""
    last_line = response.rstrip().rpartition("\n")[2].lstrip("*> \t")
    hashes = _HASHES.match(last_line)
    if hashes:
        return _without_emphasis(last_line[hashes.end() :])
    weak: str | None = None
    for noun in reversed(list(_NOUN.finditer(response))):
        after = _AFTER_NOUN.match(response, noun.end())
        if after is None:
            continue
        start = max(0, noun.start() - _MAX_BEFORE_NOUN)
        sentence = _SENTENCE_END.split(response[start : noun.start()])
        before = _BEFORE_NOUN.fullmatch(sentence[-1]) if len(sentence) > 1 or start == 0 else None
        if before is None:
            continue  # the sentence says something else before it names the answer
        strong = not after["verb"] or before["final"] or noun.group()[0] in "fF"
        answer = _value_at(response, after.end()) if strong or weak is None else None
        if answer is not None:
            answer = (_named(answer, depth - 1) if depth else None) or answer
            bare = answer.rstrip()
            if after["verb"] and bare.endswith((".", "。")) and not bare.endswith(".."):
                answer = _without_emphasis(bare[:-1])
            if strong:
                return answer
            weak = answer
    return weak


def _value_at(response: str, start: int) -> str | None:
    """Return what follows a mark: the rest of its line, or what stands under it."""
    end = response.find("\n", start)
    rest = response[start : end if end >= 0 else len(response)]
    hope = _HOPE.search(rest)
    rest = _without_emphasis(rest[: hope.start()] if hope else rest)
    if not _BELOW.fullmatch(rest):
        return rest
    return _under_heading(response[end : end + 2 * _MAX_BELOW]) if end >= 0 else ""


def _under_heading(below: str) -> str | None:
    """Return the first paragraph under a heading, with those after it that are values like it."""
    lines = [line for line in below.split("\n") if not _RULE.fullmatch(line)]
    paragraphs = list(filter(None, map(str.strip, _BLANK.split("\n".join(lines)))))
    if not paragraphs or len(paragraphs[0]) > _MAX_BELOW:
        return None
    values = [paragraphs[0]]
    for part in paragraphs[1:]:
        if not _is_value(part):
            break
        values.append(part)
    if len(paragraphs) > 1 and not _is_value(paragraphs[0]) and unwrap(paragraphs[0]) == paragraphs[0]:
        return None  # prose, and more of it: a section, not an answer
    return "\n".join(map(_without_emphasis, values))


def _is_value(line: str) -> bool:
    """Return whether a line is a number, a formula or the letter of an option, and no prose and no step of the work."""
    if len(line) > _MAX_LINE or "\n" in line or _NOT_ALONE.match(line):
        return False
    bare = unwrap(line)
    if "=" in bare and not _NAMED_VALUE.fullmatch(bare):
        return False
    is_letter = len(bare.strip("().")) == 1 and bare.strip("().").isalpha()
    return is_letter or (any(char.isdigit() or char == "\\" for char in bare) and num_words(bare) <= _MAX_WORDS)


def _without_emphasis(value: str) -> str:
    """Return a value without the bold or italics around it, or the half of them that its mark left behind."""
    value = value.strip()
    if value.endswith((".", "。")) and unwrap(value[:-1]) != value[:-1]:
        value = value[:-1]
    if value[:1] in "*_" and unwrap(value) != value:
        return unwrap(value)
    return value.strip("*_").strip() if value.count("**") == 1 or "**" not in value else value
