r"""References of thirty kinds, each with mutations that are another answer and re-dressings that are the same one.

A mutation changes one digit, sign, letter, unit, word or part; it is dropped where the kind says that it may come to
the same (`n = 5` modulo 4). A re-dressing changes what carries no meaning: spaces, a full stop, `\dfrac`, dollar signs,
bold, the spelling of a unit, the order of a set. Reference *i* of a kind depends on the seed, the kind and *i* alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

LETTERS = "xyzabtmnpq"
UNITS = {
    "cm": ("cm", r"\text{ cm}", "centimeters", r"\,\mathrm{cm}"),
    "km/h": ("km/h", r"\text{ km/h}", "kilometers per hour"),
    "m/s^2": ("m/s^2", r"\text{ m/s}^2", r"\mathrm{~m/s^2}"), "kg": ("kg", r"\text{ kg}", "kilograms"),
    "hours": ("hours", r"\text{ hours}", "h"), "dollars": ("dollars", r"\text{ dollars}", "USD"),
    "square feet": ("square feet", r"\text{ ft}^2", "ft^2"), "N": ("N", r"\text{ N}", "newtons"),
    "people": ("people", r"\text{ people}"), "apples": ("apples", r"\text{ apples}"), "K": ("K", r"\mathrm{~K}"),
    "mL": ("mL", r"\text{ mL}", "milliliters"), "degrees": ("degrees", r"^\circ", "°"),
}  # fmt: skip
WORDS = ("odd", "even", "increasing", "decreasing", "prime", "positive", "negative", "convergent", "divergent")
NAMES = ("Evelyn", "Devon", "Carla", "Bob", "Monday", "Friday", "triangle", "ellipse", "hyperbola", "yes", "no")
SWAPS = {
    "pm": "am", "am": "pm", "north": "south", "odd": "even", "even": "odd", "wins": "loses", "increasing": "decreasing",
    "decreasing": "increasing", "prime": "composite", "positive": "negative", "negative": "positive", "BC": "AD",
    "convergent": "divergent", "divergent": "convergent", "apples": "pears", "people": "dogs", "million": "billion",
    "thousand": "million", "more": "less", "minimum": "maximum", "Minimum": "Maximum", "or": "and", "cats": "dogs",
}  # fmt: skip
SIGNS = ("", "-")
RATIONAL = frozenset({"integer", "fraction"})
ORDERS = ("<", ">", r"\le", r"\ge")
FUNCTIONS = ("sin", "cos", "tan", "ln")


class Reference(NamedTuple):
    """A reference, its kind, and what it may be changed in."""

    kind: str
    text: str
    is_set: bool = False
    parts: tuple[str, ...] = ()
    unit: str = ""


class Variant(NamedTuple):
    """An answer to a reference, how it was made, and whether it is the same."""

    reference: str
    answer: str
    how: str
    is_same: bool


def num(rng: Random, low: int = 2, high: int = 99) -> int:
    return rng.randrange(low, high)


def signed(rng: Random) -> str:
    return str(rng.choice((-1, 1)) * num(rng))


def frac(rng: Random) -> str:
    below = num(rng, 3, 30)
    above = next(each for each in iter(lambda: num(rng, 1, 40), None) if each % below)
    return rf"{rng.choice(SIGNS)}\frac{{{above}}}{{{below}}}"


def root(rng: Random) -> str:
    return rf"\sqrt{{{rng.choice((2, 3, 5, 6, 7, 10, 11, 13, 15))}}}"


def plus(rng: Random) -> str:
    return rng.choice("+-")


def listed(kind: str, parts: list[str], opening: str = "", closing: str = "", *, is_set: bool = True) -> Reference:
    return Reference(kind, opening + ", ".join(parts) + closing, is_set, tuple(parts))


def distinct(rng: Random, count: int) -> list[int]:
    return rng.sample(range(-30, 60), count)


def measured(rng: Random) -> Reference:
    unit = rng.choice(list(UNITS))
    value = rng.choice((str(num(rng)), f"{num(rng)}.{num(rng)}", rf"{num(rng, 2, 9)}{root(rng)}"))
    glue = "" if unit == "degrees" and rng.random() < 0.5 else " "
    written = "^\\circ" if not glue else unit
    return Reference("unit", f"{value}{glue}{written}", unit=unit)


def polynomial(rng: Random) -> Reference:
    x = rng.choice("xyztn")
    return Reference("polynomial", f"{num(rng, 2, 9)}{x}^{num(rng, 3, 7)}{plus(rng)}{num(rng)}{x}{plus(rng)}{num(rng)}")


def function(rng: Random) -> Reference:
    x = rng.choice("xtz")
    return Reference("function", f"f({x})={num(rng, 2, 9)}{x}{plus(rng)}{num(rng)}")


def trigonometric(rng: Random) -> Reference:
    one, other = rng.sample(FUNCTIONS, 2)
    return Reference("trigonometric", rf"{num(rng, 2, 9)}\{one}({num(rng, 2, 9)}x){plus(rng)}\{other}(x)")


def chain(rng: Random) -> Reference:
    low = num(rng, -20, 20)
    first, second = rng.choice(("<", r"\le")), rng.choice(("<", r"\leq"))
    return Reference("chain", f"{low}{first} x{second} {low + num(rng)}")


def interval(rng: Random) -> Reference:
    low = num(rng, -20, 20)
    return Reference("interval", f"{rng.choice('([')}{low}, {low + num(rng)}{rng.choice(')]')}")


def union(rng: Random) -> Reference:
    low = num(rng, -20, 20)
    return Reference("union", rf"(-\infty, {low}{rng.choice(')]')} \cup {rng.choice('([')}{low + num(rng)}, \infty)")


def clock(rng: Random) -> Reference:
    return Reference("clock", f"{num(rng, 1, 12)}:{rng.randrange(10, 60)} {rng.choice(('am', 'pm'))}")


def matrix(rng: Random) -> Reference:
    a, b, c, d = distinct(rng, 4)
    return Reference("matrix", rf"\begin{{pmatrix}} {a} & {b} \\ {c} & {d} \end{{pmatrix}}")


def column(rng: Random) -> Reference:
    a, b, c = distinct(rng, 3)
    return Reference("column", rf"\begin{{pmatrix}} {a} \\ {b} \\ {c} \end{{pmatrix}}")


def counted(rng: Random) -> Reference:
    return Reference("counted", rf"{num(rng)}\text{{ apples}}, {num(rng)}\text{{ pears}}")


def compound(rng: Random) -> Reference:
    return Reference("compound", rf"{num(rng, 2, 9)} \text{{ feet }} {num(rng, 2, 11)} \text{{ inches}}")


def numeral(rng: Random) -> Reference:
    base = rng.choice((2, 3, 7, 8))
    return Reference(
        "numeral",
        "".join([str(rng.randrange(1, base)), *(str(rng.randrange(base)) for _ in range(5))]) + f"_{{{base}}}",
    )


def phrase(rng: Random) -> Reference:
    return Reference("phrase", rf"{rng.choice('npk')}^{num(rng, 2, 9)} \text{{ is {rng.choice(WORDS)}}}")


def parts(rng: Random) -> Reference:
    a, b = distinct(rng, 2)
    return Reference("parts", f"x={a}, y={b}")


def points(rng: Random) -> Reference:
    a, b, c, d = distinct(rng, 4)
    return Reference("points", rf"\text{{minimum }} ({a},{b}), \text{{ saddle }} ({c},{d})")


KINDS: dict[str, Callable[[Random], Reference]] = {
    "integer": lambda rng: Reference("integer", str(rng.choice((num(rng), -num(rng), num(rng, 1000, 10**9))))),
    "decimal": lambda rng: Reference("decimal", f"{signed(rng)}.{num(rng)}"),
    "tiny": lambda rng: Reference("tiny", f"0.{'0' * num(rng, 3, 12)}{num(rng, 1, 99)}"),
    "fraction": lambda rng: Reference("fraction", frac(rng)),
    "mixed": lambda rng: Reference("mixed", rf"{num(rng)}\frac{{{num(rng, 1, 7)}}}{{{rng.choice((11, 13, 17))}}}"),
    "percent": lambda rng: Reference("percent", rf"{num(rng)}\%"),
    "scientific": lambda rng: Reference("scientific", rf"{num(rng, 1, 9)}.{num(rng)} \times 10^{{{signed(rng)}}}"),
    "power": lambda rng: Reference("power", rf"1-\frac{{1}}{{{num(rng, 2, 9)}^{{{num(rng, 20, 99)}}}}}"),
    "root": lambda rng: Reference("root", f"{num(rng, 2, 9)}{root(rng)}{plus(rng)}{num(rng)}"),
    "pi": lambda rng: Reference("pi", rf"\frac{{{num(rng, 2, 29)}\pi}}{{{rng.choice((31, 37, 41))}}}"),
    "exponential": lambda rng: Reference("exponential", rf"{num(rng)}e^{{-{num(rng, 5, 90)}}}"),
    "complex": lambda rng: Reference("complex", f"{signed(rng)}{plus(rng)}{num(rng)}i"),
    "unit": measured, "counted": counted, "compound": compound, "clock": clock, "numeral": numeral,
    "polynomial": polynomial, "function": function, "trigonometric": trigonometric, "interval": interval,
    "union": union, "chain": chain, "matrix": matrix, "column": column, "phrase": phrase, "parts": parts,
    "points": points,
    "set": lambda rng: listed("set", [str(each) for each in distinct(rng, num(rng, 2, 6))], r"\{", r"\}"),
    "list": lambda rng: listed("list", [str(each) for each in distinct(rng, num(rng, 2, 5))]),
    "tuple": lambda rng: listed("tuple", [str(each) for each in distinct(rng, num(rng, 3, 5))], "(", ")", is_set=False),
    "residue": lambda rng: Reference("residue", rf"n \equiv {num(rng, 1, 9)} \pmod{{{num(rng, 11, 29)}}}"),
    "ratio": lambda rng: Reference("ratio", f"{num(rng, 100, 200)}:{rng.choice((211, 223, 227))}"),
    "inequality": lambda rng: Reference("inequality", f"x {rng.choice(ORDERS)} {signed(rng)}"),
    "word": lambda rng: Reference("word", rf"\text{{{rng.choice(NAMES)}}}"),
    "scaled": lambda rng: Reference("scaled", f"{num(rng)} {rng.choice(('million', 'thousand'))}"),
}  # fmt: skip


def references(num_each: int, seed: int | str = 0) -> Iterator[Reference]:
    """Yield references of every kind in turn."""
    for index in range(num_each):
        for kind, make in KINDS.items():
            yield make(Random(f"{seed}/{kind}/{index}"))


def mutations(reference: Reference, rng: Random) -> Iterator[Variant]:
    """Yield answers that are changed in one place and so are another answer."""
    for how, mutate in MUTATIONS.items():
        answer = mutate(reference, rng)
        if answer is not None and answer != reference.text and not _comes_to_the_same(reference, answer, how):
            yield Variant(reference.text, answer, how, is_same=False)


def dressings(reference: Reference, rng: Random) -> Iterator[Variant]:
    """Yield the same answer written otherwise."""
    for how, dress in DRESSINGS.items():
        answer = dress(reference, rng)
        if answer is not None and answer != reference.text:
            yield Variant(reference.text, answer, how, is_same=True)


def _comes_to_the_same(reference: Reference, answer: str, how: str) -> bool:
    if reference.kind == "residue":
        one, other = (re.findall(r"\d+", text) for text in (reference.text, answer))
        return one[1] == other[1] and (int(one[0]) - int(other[0])) % int(one[1]) == 0
    if reference.kind == "clock" and how == "digit":
        return answer.startswith("0")
    # x^1 of a letter, log of one and the like aside, only these can hide a change.
    return re.sub(r"\b0+(?=\d)", "", answer) == reference.text or (
        _numbers(answer) == _numbers(reference.text) and how == "digit"
    )


def _numbers(text: str) -> list[float]:
    return [float(each) for each in re.findall(r"\d+(?:\.\d+)?", text)]


def _digit(reference: Reference, rng: Random) -> str | None:
    places = [match.start() for match in re.finditer(r"\d", reference.text)]
    if not places:
        return None
    at = rng.choice(places)
    digits = "0123456789"[: int(reference.text[-2])] if reference.kind == "numeral" else "123456789"
    new = rng.choice([digit for digit in digits if digit != reference.text[at]] or ["9"])
    return reference.text[:at] + new + reference.text[at + 1 :]


def _sign(reference: Reference, rng: Random) -> str | None:
    if reference.kind in {"clock", "numeral", "residue", "word", "points"}:
        return None
    places = [match.start() for match in re.finditer(r"(?<=[\d)}a-z ])[+-](?=[\d\\a-z])", reference.text)]
    if places and rng.random() < 0.7:
        at = rng.choice(places)
        return reference.text[:at] + ("-" if reference.text[at] == "+" else "+") + reference.text[at + 1 :]
    first = re.search(r"(?<![\d.{a-z^\\])-?\d+(?:\.\d+)?", reference.text)
    if first is None or not float(first.group()):
        return None
    turned = first.group()[1:] if first.group().startswith("-") else f"-{first.group()}"
    return reference.text[: first.start()] + turned + reference.text[first.end() :]


def _letter(reference: Reference, rng: Random) -> str | None:
    places = [match.start() for match in re.finditer(r"(?<![A-Za-z\\])[a-z](?![A-Za-z])", reference.text)]
    if not places or reference.kind in {"unit", "residue", "clock", "inequality", "chain"}:
        return None
    at = rng.choice(places)
    other = rng.choice([each for each in LETTERS if each != reference.text[at]])
    return reference.text[:at] + other + reference.text[at + 1 :]


def _unit(reference: Reference, rng: Random) -> str | None:
    if not reference.unit or not reference.text.endswith(reference.unit):
        return None
    other = rng.choice([each for each in UNITS if each != reference.unit])
    return reference.text.removesuffix(reference.unit) + other


def _word(reference: Reference, rng: Random) -> str | None:
    words = [word for word in re.findall(r"(?<!\\)\b[A-Za-z]{2,}\b", reference.text) if word in SWAPS]
    if words:
        word = rng.choice(words)
        return re.sub(rf"\b{word}\b", SWAPS[word], reference.text, count=1)
    if reference.kind == "word":
        return rng.choice([rf"\text{{{each}}}" for each in NAMES])
    return None


def _part(reference: Reference, rng: Random) -> str | None:
    if len(reference.parts) < 2:
        return None
    changed = list(reference.parts)
    if not reference.is_set and rng.random() < 0.5:
        changed[0], changed[1] = changed[1], changed[0]
    elif rng.random() < 0.5:
        changed.pop(rng.randrange(len(changed)))
    else:
        changed.append("77")
    return reference.text.replace(", ".join(reference.parts), ", ".join(changed))


def _hedge(reference: Reference, rng: Random) -> str | None:
    return (
        rf"{reference.text} \text{{ or }} {num(rng, 1000, 9999)}"
        if reference.kind in {"integer", "fraction", "decimal"}
        else None
    )


def _function_name(reference: Reference, rng: Random) -> str | None:
    match = re.search(r"\\(sin|cos|tan|ln)", reference.text)
    if match is None:
        return None
    other = rng.choice([each for each in FUNCTIONS if f"\\{each}" not in reference.text])
    return reference.text[: match.start()] + f"\\{other}" + reference.text[match.end() :]


def _bracket(reference: Reference, rng: Random) -> str | None:
    if reference.kind != "interval":
        return None
    end = rng.random() < 0.5
    old = reference.text[-1] if end else reference.text[0]
    new = {"(": "[", "[": "(", ")": "]", "]": ")"}[old]
    return reference.text[:-1] + new if end else new + reference.text[1:]


MUTATIONS: dict[str, Callable[[Reference, Random], str | None]] = {
    "digit": _digit, "sign": _sign, "letter": _letter, "unit": _unit, "word": _word, "part": _part, "hedge": _hedge,
    "function": _function_name, "bracket": _bracket,
    "denied": lambda reference, _: rf"{reference.text}\text{{ is wrong}}" if reference.kind == "integer" else None,
    "more": lambda reference, _: rf"{reference.text}\text{{ or more}}" if reference.kind == "integer" else None,
    "scaled": lambda reference, _: rf"{reference.text}\text{{ thousandths}}" if reference.kind == "integer" else None,
    "chained": lambda reference, _: rf"{reference.text} = 0.5123" if reference.kind in RATIONAL else None,
}  # fmt: skip


def _spaced(reference: Reference, rng: Random) -> str | None:
    return re.sub(r"(?<=[\d}x])([+=<])(?=[\d\\x])", r" \1 ", reference.text)


def _unspaced(reference: Reference, rng: Random) -> str | None:
    return reference.text.replace(", ", ",")


def _reordered(reference: Reference, rng: Random) -> str | None:
    if not reference.is_set:
        return None
    order = rng.sample(reference.parts, len(reference.parts))
    return reference.text.replace(", ".join(reference.parts), ", ".join(order))


def _respelt(reference: Reference, rng: Random) -> str | None:
    if not reference.unit or not reference.text.endswith(f" {reference.unit}"):
        return None
    spelling = rng.choice(UNITS[reference.unit])
    value = reference.text.removesuffix(f" {reference.unit}")
    return value + (spelling if spelling[0] in "\\^°" else f" {spelling}")


def _without_unit(reference: Reference, rng: Random) -> str | None:
    is_kind = reference.unit and reference.text.endswith(f" {reference.unit}")
    return reference.text.removesuffix(f" {reference.unit}") if is_kind else None


def _grouped(reference: Reference, rng: Random) -> str | None:
    if reference.kind != "integer" or len(reference.text) < 4:
        return None
    return (
        rng.choice(("{:,}", "{:,}.0")).format(int(reference.text)).replace(",", rng.choice((",", "{,}", r"\,", ",\\!")))
    )


def _embraced(reference: Reference, rng: Random) -> str | None:
    if reference.kind in {"interval", "tuple", "set"}:
        return (
            reference.text.replace("(", r"\left(")
            .replace(")", r"\right)")
            .replace("[", r"\left[")
            .replace("]", r"\right]")
        )
    return None


DRESSINGS: dict[str, Callable[[Reference, Random], str | None]] = {
    "spaces": _spaced, "no spaces": _unspaced, "another order": _reordered, "unit spelt otherwise": _respelt,
    "no unit": _without_unit, "thousands set apart": _grouped, "left and right": _embraced,
    "a full stop": lambda reference, _: f"{reference.text}.",
    "dollars": lambda reference, _: f"${reference.text}$",
    "dfrac": lambda reference, _: reference.text.replace(r"\frac", r"\dfrac"),
    "bold": lambda reference, _: f"**{reference.text}**",
    "thin space": lambda reference, _: reference.text.replace(", ", r",\,"),
    "brackets of LaTeX": lambda reference, _: rf"\({reference.text}\)",
    "unicode minus": lambda reference, _: reference.text.replace("-", "−"),
    "a name": lambda reference, _: f"x = {reference.text}" if reference.kind in RATIONAL else None,
    "a label": lambda reference, _: f"The answer is {reference.text}" if reference.kind in {"integer", "pi"} else None,
    "trailing zero": lambda reference, _: f"{reference.text}0" if reference.kind == "decimal" else None,
    "display style": lambda reference, _: rf"\displaystyle {reference.text}",
}  # fmt: skip
