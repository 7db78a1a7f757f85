r"""Judge answers to multiple-choice questions by the letter of the option: `B`, `(b)`, `**B.** Paris`, `option b`.

A letter counts where it is written as the name of an option, not where it is merely a word ("I", "a"). An answer that
names two options is undecided, whichever stands first: what it means is not known. So is one that says which option is
wrong. Where several options are right, an answer that names the same ones is correct, and any other undecided. Not
covered: answers that repeat an option's text without its letter.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pydantic import Field

from open_thoughts_gen import text
from open_thoughts_gen.types import Outcome, Verdict
from open_thoughts_gen.verifiers._answers import ComparesAnswers

_MAX_LENGTH = 2000
_COMMAND = re.compile(r"\\(?:text(?:bf|it|rm|sf)?|math(?:bf|rm|sf)|mbox|underline|emph) ?\{([^{}]*)\}")
_SPACES = re.compile(r"\\(?:[ ,;:!]|q?quad|left|right)|[*_$~`]")
_NAMES = (
    r"(?:options?|choices?|answers?|letters?|alternatives?|correct one)(?: is| are)?|вариант|ответ|opci[oó]n"
    r"|respuesta|réponse|antwort|选项|选择?|答案(?:是|为|選)?"
)
_DENIALS = r"(?:not|isn't|cannot|wrong|incorrect|false|except|neither|nor|eliminate[sd]?|unlike)\b"
_DENIED = re.compile(rf"\b{_DENIALS}", re.IGNORECASE)
_DENIED_NEXT = re.compile(rf"[ ,]{{0,3}}(?:is|are|was) {_DENIALS}", re.IGNORECASE)


class Choice(ComparesAnswers):
    """Checks that the answer names the same option as the reference."""

    letters: str = Field(
        default="ABCDEFGHIJ", pattern=r"^[A-Z]{2,26}$", description="the letters that the options of a question have"
    )

    def compared(self, reference: str, answer: str) -> Verdict:
        """Compare the letters; undecided unless both the reference and the answer name exactly one."""
        right, named = options(reference, self.letters), options(answer, self.letters)
        if len(right) > 1 and named == right:
            return self.judged(answer, "correct", f"both name {_listed(right)}")
        if len(right) != 1:
            return self.undecided("unreadable reference", f"it names {_listed(right)}", answer=answer)
        if len(named) != 1:
            cause = "several options" if named else "no option"
            return self.undecided(cause, f"it names {_listed(named)}", answer=answer)
        outcome: Outcome = "correct" if named == right else "incorrect"
        explanation = f"the answer is option {min(named)}, the reference {min(right)}"
        return self.judged(min(named), outcome, explanation, "" if outcome == "correct" else "another option")


def options(answer: str, letters: str) -> set[str]:
    """Return the letters of the options that an answer names."""
    if len(answer) > _MAX_LENGTH:
        return set()
    bare = text.unwrap(text.normalise(answer, ("unicode", "space")).rstrip(".,;:。"))
    for _ in range(2):
        bare = _COMMAND.sub(r"\1", bare)
    bare = " ".join(_SPACES.sub(" ", bare).replace("\\.", ".").split()).strip(" '\"‘’“”")
    whole, label, mention = _patterns(letters)
    if whole.fullmatch(bare):
        named = bare
    else:
        start = label.match(bare)
        rest = bare[start.end() :] if start else bare
        mentions = [match[1] or match[2] for match in mention.finditer(rest)]
        if _DENIED_NEXT.match(rest) or (mentions and _DENIED.search(rest)):
            return set()
        named = " ".join([*([start.group()] if start else []), *mentions])
    return {letter.upper() for letter in re.findall(r"(?<![^\W\d_])[A-Za-z](?![^\W\d_])", named)}


@lru_cache(maxsize=16)
def _patterns(letters: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    either = f"[{letters}{letters.lower()}]"
    joined = r" ?(?:,|;|/|&|\band\b|\bor\b) ?"
    # The answer is nothing but letters: "B", "(b)", "A, C", "A and C".
    one = rf"[(\[【<]? ?{either} ?[)\]】>.:]?"
    whole = re.compile(rf"{one}(?:{joined}{one}){{0,25}}")
    # It starts with a label: "B) Paris", "B. Paris", "B: Paris", "(B) Paris", "B - Paris", "B (Paris)", "B.Paris".
    label = re.compile(
        rf"[(\[【<] ?{either} ?[)\]】>]|{either} ?[).:\]：、．](?=\s|$|[^\x00-\x7f])|{either} ?[–—]|{either} - "
        rf"|[{letters}] (?=\()|[{letters}][.):](?=[A-Z]?[a-z]{{2}}|\d)"
    )
    # It speaks of options: "option B", "the answer is b", "options A and C", "(B)"; not of f(b), nor of a cat.
    bracketed = rf"[(\[] ?{either} ?[)\]]"
    letter = rf"(?:{bracketed}|[{letters}](?![^\W\d_]|')|[{letters.lower()}](?= ?(?:[).,;:]|$)))"
    mention = re.compile(
        rf"(?<![^\W_])(?i:{_NAMES}) ?[:：]? ?({letter}(?:{joined}{letter}){{0,25}})|(?<![\w)])({bracketed})"
    )
    return whole, label, mention


def _listed(named: set[str]) -> str:
    return f"options {', '.join(sorted(named))}" if named else "no option"
