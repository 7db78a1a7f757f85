"""Goes through the logs of numeral, cipher, gravity and unit puzzles."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from open_thoughts_gen.families.wonderland.retrace.lines import LogLines
from open_thoughts_gen.families.wonderland.vocabulary import WORDS

_NUMERAL = re.compile(r"^(\d+) -> ([IVXLC]+)\s*$", re.MULTILINE)
_NUMERAL_QUERY = re.compile(r"write the number (\d+)")
_SENTENCES = re.compile(r"^([a-z ]+) -> ([a-z ]+)$", re.MULTILINE)
_SENTENCE_QUERY = re.compile(r"following text: ([a-z ]+)")
_FALL = re.compile(r"t = ([\d.]+)s, distance = ([\d.]+) m")
_FALL_QUERY = re.compile(r"distance for t = ([\d.]+)s")
_LENGTH = re.compile(r"^([\d.]+) m becomes ([\d.]+)", re.MULTILINE)
_LENGTH_QUERY = re.compile(r"measurement: ([\d.]+) m")
_ROMAN = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_DIGITS = 5


def follow_numeral(lines: LogLines, prompt: str) -> str:
    """Go through a numeral log; return the answer."""
    for number, numeral in _NUMERAL.findall(prompt):
        outcome = "same" if _roman(int(number)) == numeral else "other"
        lines.take(f"{number} is {_parts(int(number))} ; given {' '.join(numeral)} {outcome}")
    query = int(_NUMERAL_QUERY.findall(prompt)[-1])
    line = lines.take(f"query {query} is {_parts(query)}")
    letters = [letter for letter in line.split()[3:] if letter.isupper()]
    lines.take(f"together {' '.join(letters)}")
    return "".join(letters)


def _parts(number: int) -> str:
    parts = [number] if number == 100 else [number - number % 10, number % 10]
    return " and ".join(f"{part} {' '.join(_roman(part))}" for part in parts if part)


def _roman(number: int) -> str:
    text = ""
    for size, letters in _ROMAN:
        text += letters * (number // size)
        number %= size
    return text


def follow_cipher(lines: LogLines, prompt: str) -> str | None:
    """Go through a cipher log; return the answer, None where no words fit."""
    meanings: dict[str, str] = {}
    for secrets, plains in _SENTENCES.findall(prompt):
        for secret, plain in zip(secrets.split(), plains.split(), strict=True):
            letters = list(zip(secret, plain, strict=True))
            lines.take(f"{secret} is {plain} : {' , '.join(map(' '.join, letters))}")
            meanings.update(letters)
    lines.take(f"letters {' , '.join(f'{letter} {meanings[letter]}' for letter in sorted(meanings))}")
    query = _SENTENCE_QUERY.findall(prompt)[-1].split()
    lines.take(f"query {' , '.join(query)}")
    words = _read_words(lines, list(dict.fromkeys(query)), meanings)
    if words is None:
        lines.take("no words fit")
        return None
    answer = " ".join(words[secret] for secret in query)
    lines.take(f"text {answer}")
    return answer


def _read_words(lines: LogLines, secrets: Sequence[str], meanings: Mapping[str, str]) -> dict[str, str] | None:
    """Go through the lines that read secrets: rounds of those with one reading, then tries of one with several."""
    meanings, words, left = dict(meanings), dict[str, str](), list(secrets)
    while left:
        readings = {}
        for secret in left:
            pattern = " ".join(meanings.get(letter, "?") for letter in secret)
            readings[secret] = [word for word in WORDS if _stands_for(secret, word, meanings)]
            lines.take(f"{secret} : {pattern} : {' , '.join(readings[secret]) or 'none'}")
        if [] in readings.values():
            return None
        only = [secret for secret in left if len(readings[secret]) == 1]
        if not only:
            return _try_words(lines, left, readings, meanings, words)
        for secret in only:
            (word,) = readings[secret]
            if not _stands_for(secret, word, meanings):
                return None
            lines.take(f"{secret} is {word}")
            meanings.update(zip(secret, word, strict=True))
            words[secret] = word
        left = [secret for secret in left if secret not in words]
    return words


def _try_words(
    lines: LogLines,
    left: Sequence[str],
    readings: Mapping[str, Sequence[str]],
    meanings: Mapping[str, str],
    words: Mapping[str, str],
) -> dict[str, str] | None:
    tried = min(left, key=lambda secret: len(readings[secret]))
    for word in readings[tried]:
        lines.take(f"try {tried} is {word}")
        others = [secret for secret in left if secret != tried]
        rest = _read_words(lines, others, {**meanings, **dict(zip(tried, word, strict=True))})
        if rest is not None:
            return {**words, tried: word, **rest}
        lines.take(f"{tried} is not {word}")
    return None


def _stands_for(secret: str, word: str, meanings: Mapping[str, str]) -> bool:
    """Return whether a word can be a secret's meaning: one letter for one letter."""
    if len(secret) != len(word):
        return False
    pairs = {*meanings.items(), *zip(secret, word, strict=True)}
    return len({secret for secret, _ in pairs}) == len(pairs) == len({plain for _, plain in pairs})


def follow_gravity(lines: LogLines, prompt: str) -> str:
    """Go through a gravity log; return the answer."""
    pairs, query = _FALL.findall(prompt), _FALL_QUERY.findall(prompt)[-1]
    for number, (time, distance) in enumerate(pairs, 1):
        lines.take(f"e{number} t {time} d {distance}")
    lines.take(f"query t {query}")
    time, distance = _take_largest(lines, "t", pairs)
    square = _take_product(lines, _hundredths(time), _hundredths(time))
    lines.take(f"t*t in ten thousandths {square}")
    lines.take(f"d in ten thousandths {100 * _hundredths(distance)}")
    ratio = _take_division(lines, "d by t*t", 100 * _hundredths(distance), square)
    asked = _take_product(lines, _hundredths(query), _hundredths(query))
    lines.take(f"query t*t in ten thousandths {asked}")
    return _take_answer(lines, ratio, asked, 4)


def follow_unit(lines: LogLines, prompt: str) -> str:
    """Go through a unit log; return the answer."""
    pairs, query = _LENGTH.findall(prompt), _LENGTH_QUERY.findall(prompt)[-1]
    for number, (length, converted) in enumerate(pairs, 1):
        lines.take(f"e{number} m {length} becomes {converted}")
    lines.take(f"query m {query}")
    length, converted = _take_largest(lines, "m", pairs)
    ratio = _take_division(lines, "becomes by m", _hundredths(converted), _hundredths(length))
    return _take_answer(lines, ratio, _hundredths(query), 2)


def _hundredths(number: str) -> int:
    return int(Decimal(number) * 100)


def _take_largest(lines: LogLines, name: str, pairs: Sequence[tuple[str, str]]) -> tuple[str, str]:
    largest = max(pairs, key=lambda pair: Decimal(pair[0]))
    lines.take(f"largest {name} {largest[0]} with {largest[1]}")
    return largest


def _take_product(lines: LogLines, first: int, second: int) -> int:
    """Check a product that is added up, largest place first; return it."""
    digits = str(second)
    parts = [first * int(digit) * 10 ** (len(digits) - at) for at, digit in enumerate(digits, 1)]
    steps = [
        f"{first}*{part // first}={part} sum {sum(parts[:number])}" for number, part in enumerate(parts, 1) if part
    ]
    lines.take(f"{first}*{second}: {' '.join(steps)}")
    return sum(parts)


def _take_division(lines: LogLines, name: str, numerator: int, denominator: int) -> Decimal:
    """Check a division that goes on until it has five digits; return the quotient."""
    lines.take(f"{name}: {numerator} by {denominator}")
    quotient = numerator // denominator
    rest = numerator - quotient * denominator
    lines.take(f"{denominator}*{quotient}={denominator * quotient} rest {rest}")
    text, num_places = str(quotient), 0
    while rest and len(text.lstrip("0")) < _DIGITS:
        digit = 10 * rest // denominator
        line = f"{rest}0: {denominator}*{digit}={denominator * digit}"
        rest = 10 * rest - denominator * digit
        lines.take(f"{line} rest {rest}")
        text, num_places = f"{text}{digit}", num_places + 1
    ratio = Decimal(int(text)).scaleb(-num_places)
    lines.take(f"ratio {ratio:f}")
    return ratio


def _take_answer(lines: LogLines, ratio: Decimal, asked: int, places: int) -> str:
    """Check the product of ratio and what is asked, in hundredths or smaller, and return it rounded."""
    num_places = places - int(ratio.as_tuple().exponent)
    total = _take_product(lines, asked, int("".join(map(str, ratio.as_tuple().digits))))
    exact = Decimal(total).scaleb(-num_places)
    lines.take(f"with {num_places} places {exact:f}")
    answer = str(exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
    lines.take(f"rounded {answer}")
    return answer
