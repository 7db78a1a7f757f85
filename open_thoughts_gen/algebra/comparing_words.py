"""Compares words, phrases, the letters of options and what contradicts itself."""

from __future__ import annotations

from dataclasses import replace

from open_thoughts_gen.algebra import scalars, vocabulary
from open_thoughts_gen.algebra.comparison import Comparing, every, is_number
from open_thoughts_gen.algebra.values import Option, Phrase, Relation, Scalar, Value, Word

_STEM = 5
_LEADS_TO = frozenset("⇒⇔→")
_SEPARATES = frozenset({",", ";", "and"})


class ComparesWords(Comparing):
    """Compares answers that are words or contain words: phrases, options with letters, relations."""

    def _options(self, known: Value, answer: Value) -> bool | None:
        if isinstance(known, Option) and isinstance(answer, Option):
            if known.letter != answer.letter:
                return False
            return (self.same(known.text, answer.text) or None) if known.text and answer.text else None
        option, other = (known, answer) if isinstance(known, Option) else (answer, known)
        assert isinstance(option, Option)
        letter = _letter_of(other)
        if letter is not None and len(letter) == 1:
            return letter == option.letter
        if option.text is None:
            return None
        return self.same(known, option.text) if option is answer else self.same(option.text, answer)

    def _phrases(self, known: Value, answer: Value) -> bool | None:
        if not (isinstance(known, Phrase) and isinstance(answer, Phrase)):
            return False if isinstance(answer, Phrase) and _excludes(answer, known) else None
        if len(known.pieces) != len(answer.pieces):
            return None
        answer = _reordered(known, answer)
        words: list[bool | None] = []
        values: list[bool | None] = []
        is_statement = bool({"∀", "∃"} & {piece for piece in known.pieces if isinstance(piece, str)})
        for one, other in zip(known.pieces, answer.pieces, strict=True):
            if isinstance(one, str) or isinstance(other, str):
                if not (isinstance(one, str) and isinstance(other, str)):
                    return None
                words.append(_same_words(one, other))
            elif is_statement and isinstance(one, Relation) and isinstance(other, Relation):
                # What is said to be true is compared side by side: it is not solved.
                sides = (self.same(one.left, other.left), self.same(one.right, other.right))
                values.append(every(sides) if one.sign == other.sign else None)
            else:
                values.append(self.same(one, other))
        if None in words or (False in values and known.is_loose):
            return None
        together = every([*words, *values])
        return None if together is False and None in values and False not in words else together

    def _words(self, known: Value, answer: Value) -> bool | None:
        if isinstance(known, Word) and isinstance(answer, Word):
            outcome = _same_words(known.text, answer.text)
            # One unknown word is another answer; words may say the same in other words.
            single = " " not in known.text and " " not in answer.text
            # One that begins alike may be the other, shortened or misspelt at its end.
            stem = _STEM if min(len(known.text), len(answer.text)) >= _STEM else 3
            alike = sorted(known.text) == sorted(answer.text) or known.text[:stem] == answer.text[:stem]
            return False if outcome is None and single and not alike else outcome
        word, other = (known, answer) if isinstance(known, Word) else (answer, known)
        assert isinstance(word, Word)
        letter = _letter_of(other)
        if letter is not None and letter == word.text:
            return True
        return False if word.text in vocabulary.NO_NUMBER and is_number(other) else None


def _letter_of(value: Value) -> str | None:
    """Return the letter or the word that a value is."""
    if isinstance(value, Word):
        return value.text
    return str(value.tree[1]).lower() if isinstance(value, Scalar) and value.tree[:1] == ("x",) else None


def _same_words(one: str, other: str) -> bool | None:
    """Compare words: different where one that differs excludes the other."""
    if one == other:
        return True
    first, second = ([word for word in text.split() if word not in vocabulary.FILLERS] for text in (one, other))
    if first == second:
        return True
    differing = [pair for pair in zip(first, second, strict=False) if pair[0] != pair[1]]
    if len(first) == len(second) and len(differing) == 1 and vocabulary.are_opposite(*differing[0]):
        return False
    return None


def _excludes(phrase: Phrase, known: Value) -> bool:
    """Return whether a phrase cannot be a value: it denies, says 43 => 42, or hedges (17 or maybe 19)."""
    pieces = phrase.pieces
    words = {piece for piece in pieces if isinstance(piece, str)}
    numbers = [piece for piece in pieces if isinstance(piece, Scalar) and not piece.free]
    implications = (
        (left, right)
        for left, sign, right in zip(pieces, pieces[1:], pieces[2:], strict=False)
        if isinstance(sign, str) and sign in _LEADS_TO and isinstance(left, Scalar) and isinstance(right, Scalar)
    )
    left, right = next(implications, (None, None))
    if left and right and not left.free and not right.free and scalars.same(left, right) is False:
        return True
    hedges = "or" in words and words <= vocabulary.HEDGES and len(numbers) == len(pieces) - len(words)
    differ = hedges and any(scalars.same(numbers[0], other) is False for other in numbers[1:])
    return phrase.denies or (differ and is_number(known))


def _reordered(known: Phrase, answer: Phrase) -> Phrase:
    """Return a phrase with its parts in the order of another: 8 blue, 12 red as 12 red, 8 blue."""
    parts = _named_parts(answer)
    names, answered = [name for name, _ in _named_parts(known)], [name for name, _ in parts]
    is_certain = len(names) == len(set(names)) > 1 and "" not in names
    if not is_certain or names == answered or sorted(names) != sorted(answered):
        return answer
    by_name = dict(parts)
    separators = [piece for piece in answer.pieces if isinstance(piece, str) and piece in _SEPARATES]
    pieces: list[Value | str] = []
    for name, separator in zip(names, [*separators, None], strict=True):
        pieces += by_name[name] if separator is None else [*by_name[name], separator]
    return replace(answer, pieces=tuple(pieces))


def _named_parts(phrase: Phrase) -> list[tuple[str, list[Value | str]]]:
    """Return what stands between the commas of a phrase, each with its words if it has a value."""
    parts: list[list[Value | str]] = [[]]
    for piece in phrase.pieces:
        if isinstance(piece, str) and piece in _SEPARATES:
            parts.append([])
        else:
            parts[-1].append(piece)
    words = [[piece for piece in part if isinstance(piece, str)] for part in parts]
    return [(" ".join(each) if len(each) < len(part) else "", part) for each, part in zip(words, parts, strict=True)]
