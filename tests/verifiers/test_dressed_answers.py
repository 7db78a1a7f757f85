"""References of many kinds: one thing changed in them is never called correct, another dress never incorrect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random

import pytest

from open_thoughts_gen.plugin import Verifier
from open_thoughts_gen.types import Question, Trace
from open_thoughts_gen.verifiers.choice import Choice
from open_thoughts_gen.verifiers.date import Date
from open_thoughts_gen.verifiers.exact import Exact
from open_thoughts_gen.verifiers.number import Number

# A reference, answers that say something else, and answers that say the same.
Case = tuple[str, list[str], list[str]]
UNITS = {
    "m/s^2": ([r"\text{m/s}^2", "m s^-2", "m·s⁻²", r"\mathrm{m\,s^{-2}}"], ["m/s", "km/s^2", "m^2/s"]),
    "kg": (["kilograms", r"\text{ kg}", "kilogram"], ["g", "m", "mg", "lb"]),
    "J/(mol K)": (["J/mol/K", "J mol^-1 K^-1", "J/(mol·K)"], ["J/mol", "kJ/(mol K)", "J K/mol"]),
    "W/(m^2 K)": (["W m^-2 K^-1", r"\mathrm{W\,m^{-2}\,K^{-1}}", "W/m^2/K"], ["W/m^2", "W/(m K)"]),
    "km/h": (["kilometers per hour", r"\text{km/h}", "km h^-1"], ["m/s", "km", "mph"]),
    "%": (["percent", r"\%", "per cent"], ["bps", "‰"]),
}
MONEY = {"$": (["USD {}", "{} dollars", "US${}", r"\${}"], ["€{}", "£{}", "{} JPY", "{} cents"])}
MONEY["€"] = (["EUR {}", "{} euros", "{} €"], ["${}", "£{}", "CHF {}", "{} yen"])
MONTHS = "January February March April May June July August September October November December".split()
WORDS = "Ada Lovelace,New York City,O'Brien,no,Tōkyō,well-known,code 7F,Anna Karenina,Jeanne d'Arc".split(",")


def digits_changed(written: str, rng: Random) -> str:
    """Return a number with its first digit changed, so that no tolerance covers it."""
    index = next(index for index, char in enumerate(written) if char in "123456789")
    other = rng.choice([digit for digit in "123456789" if digit != written[index]])
    return written[:index] + other + written[index + 1 :]


def numbers(rng: Random) -> Iterator[Case]:
    value = rng.randint(1, 10 ** rng.randint(1, 7)) * (1 if rng.random() < 0.8 else -1)
    plain = f"{value}"
    negative = f"({abs(value)})" if value < 0 else f"({value})"
    dressed = [
        f"{value:,}",
        f"${value}$",
        f"**{value}**",
        f"x = {value}",
        f"{value}.",
        f"{value}.0",
        f"\\text{{{value}}}",
    ]
    dressed += [f"{value:,}".replace(",", r"\,"), f"{value:,}".replace(",", "{,}"), f"{value:,}".replace(",", " ")]
    dressed += [f"{value}".replace("-", "−"), f"\u200b{value}", f"\\approx {value}"]
    changed = [f"{-value}", digits_changed(plain, rng), f"{value} or {value + 1}", f"{value}e1", f"{value * 10}"]
    yield plain, [*changed, *([negative] if value > 0 else [])], [*dressed, *([negative] if value < 0 else [])]

    power, mantissa = rng.randint(-30, 30) or 5, f"{rng.randint(1, 9)}.{rng.randint(1, 99):02}"
    scientific = rf"{mantissa} \times 10^{{{power}}}"
    dressed = [f"{mantissa}e{power}", f"{mantissa} × 10^{power}", rf"{mantissa}\cdot 10^{{{power}}}", f"${scientific}$"]
    changed = [
        f"{mantissa}e{-power}",
        f"{mantissa}e{power + 1}",
        f"-{mantissa}e{power}",
        digits_changed(scientific, rng),
    ]
    yield scientific, changed, dressed

    unit = rng.choice(list(UNITS))
    spellings, others = UNITS[unit]
    amount = f"{rng.randint(1, 999)}.{rng.randint(1, 9)}"
    changed = [f"{amount} {other}" for other in others] + [f"{digits_changed(amount, rng)} {unit}", f"-{amount} {unit}"]
    yield f"{amount} {unit}", changed, [f"{amount} {other}" for other in spellings] + [f"{amount}~{unit}", amount]


def money(rng: Random) -> Iterator[Case]:
    sign = rng.choice(list(MONEY))
    same, others = MONEY[sign]
    amount = f"{rng.randint(1, 9)}.{rng.randint(1, 9)}"
    scaled = float(amount) * 1_000_000
    dressed = [form.format(f"{amount} million") for form in same]
    dressed += [f"{sign}{amount}M", f"{sign}{amount}mn", f"{sign}{scaled:,.0f}", f"{sign}{scaled / 1000:.0f}k"]
    changed = [form.format(f"{amount} million") for form in others]
    changed += [f"{sign}{amount}bn", f"{sign}{amount}k", f"{sign}{amount}", f"-{sign}{amount}M", f"({sign}{amount}M)"]
    yield f"{sign}{amount} million", [*changed, f"{sign}{digits_changed(amount, rng)}M"], dressed

    points = rng.randint(1, 99) * 5
    changed = [f"{points}%", f"{points * 10} bps", f"-{points} bps", f"{digits_changed(str(points), rng)} bps"]
    yield f"{points} bps", changed, [f"{points / 100:g}%", f"{points} basis points", f"{points / 10_000:.6f}"]

    loss = rng.randint(2, 9999)
    changed = [f"${loss:,}", f"(${loss + loss // 2 + 1:,})", f"(€{loss:,})"]
    yield f"(${loss:,})", changed, [f"-${loss:,}", f"$-{loss}", f"-{loss}", f"(\\${loss:,})", f"$({loss})", f"−{loss}"]


def dates(rng: Random) -> Iterator[Case]:
    day = date(1990, 1, 1) + timedelta(days=rng.randrange(30_000))
    month = MONTHS[day.month - 1]
    other = day + timedelta(days=rng.choice([-365, -31, -1, 1, 7, 400]))
    forms: list[Callable[[date], str]] = [
        lambda each: each.isoformat(),
        lambda each: f"{each.day} {MONTHS[each.month - 1]} {each.year}",
        lambda each: f"**{MONTHS[each.month - 1]} {each.day}, {each.year}**",
        lambda each: f"{each:%A}, {each.day} {MONTHS[each.month - 1][:3]}. {each.year}",
    ]
    changed = [form(other) for form in forms]
    changed += [f"the day before {month} {day.day}, {day.year}", f"two weeks after {day.isoformat()}"]
    changed += [f"{day.isoformat()} or {other.isoformat()}", f"not {day.isoformat()}"]
    yield day.isoformat(), changed, [form(day) for form in forms] + [f"by {day.day}\u00a0{month}\u00a0{day.year}."]


def choices(rng: Random) -> Iterator[Case]:
    letter, other = rng.sample("ABCDE", 2)
    forms = [
        "{}", "({})", "{}.", "**{}**", "**{}.** Paris", "{} – Paris", "{} (Paris)", "option {}", "'{}'", "{}) Paris",
        r"\text{{{}}}", r"\textbf{{({})}}\ 12", "The correct answer is {}.", "${}$", "[{}]", "Option {}: Paris",
    ]  # fmt: skip
    changed = [form.format(other) for form in forms]
    changed += [f"{letter} or {other}", f"not ({letter})", f"({letter}) is wrong", f"{letter}{other}"]
    small = [form.format(letter.lower()) for form in ("{}", "({})", "option {}", "{}) Paris")]
    yield letter, changed, [form.format(letter) for form in forms] + small


def words(rng: Random) -> Iterator[Case]:
    name = rng.choice(WORDS)
    index = rng.choice([index for index, char in enumerate(name) if char.isalpha()])
    letter = rng.choice([each for each in "abcdefghk" if each != name[index].lower()])
    changed = [name[:index] + letter + name[index + 1 :], f"not {name}", f"{name} or none", name[:-1], f"{name}s"]
    dressed = [f"**{name}**", f"{name}.", f"“{name}”", name.upper(), name.replace("'", "’"), f"${name}$"]
    dressed += [f"{name}!"] if name[-2:].isalpha() else []
    dressed += [name.replace(" ", "\u00a0"), name.replace("-", "‑"), f"\u200b{name}", rf"\text{{{name}}}", f"{name}\n"]
    yield name, changed, dressed


@pytest.mark.parametrize(
    ("verifier", "cases"),
    [
        (Number(relative=1e-9), numbers),
        (Number(relative=1e-9), money),
        (Date(), dates),
        (Choice(), choices),
        (Exact(), words),
    ],
    ids=["numbers", "money", "dates", "choices", "words"],
)
def test_a_change_is_never_correct_and_another_dress_never_incorrect(
    verifier: Verifier, cases: Callable[[Random], Iterator[Case]]
) -> None:
    rng = Random("answers in other dress")
    wrong, num_dressed, num_correct = [], 0, 0
    for _ in range(120):
        for reference, changed, dressed in cases(rng):
            for form in (r"\boxed{{{}}}", "Work.\n<answer>{}</answer>"):
                for answer, is_same in [*((each, False) for each in changed), *((each, True) for each in dressed)]:
                    trace = Trace("q", 0, "t", "", form.format(answer))
                    verdict = verifier.verdict(Question("?", reference), trace)
                    num_dressed += is_same
                    num_correct += is_same and verdict.outcome == "correct"
                    if verdict.outcome == ("incorrect" if is_same else "correct"):
                        wrong.append((reference, answer, verdict.outcome, verdict.why))
    assert wrong == []
    assert num_correct >= 0.995 * num_dressed, (num_correct, num_dressed)
