"""The words that answers use besides formulas: what they do to a value, or that they do nothing.

A word that is in none of these lists is part of what an answer says, and must be the same in both.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

FUNCTIONS = frozenset(
    "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan asin acos atan arcsinh arccosh "
    "arctanh arccot arcsec arccsc sech csch coth ln log exp "
    "abs".split()
)
_APPLIED = frozenset("lg gcd lcm max min det deg dim arg mod sgn abs".split())
_CONSTANTS = {"pi": "π", "Pi": "π", "inf": "∞", "infty": "∞", "infinity": "∞", "Infinity": "∞", "sqrt": "\\sqrt"}
# Words of two and three letters; other runs so short are letters that are multiplied.
_SHORT_WORDS = frozenset(
    "am pm ad bc ce or and is if in on no of to at by it an as be we so up do not yes for all the any are "
    "was has had its one "
    "two six ten odd day men pen pens cup box red can may let out top net per old new low big map cat dog car bus egg "
    "sum set end max min won tie nor but non via hen pig cow pie man boy kid kg cm mm km ft hr lb oz mL "
    "ml mg mph sec deg "
    "rad min yd mi pct usd eur gbp who how why get got net job row few far due lie her his our own use "
    "hot fun mid mod lbs hrs "
    "yrs wks dm dl ms".split()
)
_WORD_LIKE = re.compile(r"[A-Za-z]*[aeiouyAEIOUY][A-Za-z]*")
NOT_UNITS = frozenset({"a", "u", "and", "or", "st", "at", "as", "in", "unit", "E"})

# What an answer may begin with and says nothing about its value.
FILLERS = frozenset(
    "the a an is are be so therefore thus hence then final answer answers result results value values total solution "
    "solutions we have get find there it its equals equal exactly of approximately about roughly only just our that "
    "this correct to both option choice which by".split()
)
APPROXIMATE = frozenset({"approximately", "about", "roughly", "around", "nearly", "almost"})
HEDGES = frozenset("or maybe perhaps possibly either probably".split())
# After "or": 10 or more.
BOUNDS = frozenset("more less fewer greater higher lower larger smaller above below over under".split())
NUMBERED = frozenset(
    "case sequence solution option answer part set root line equation step number list group row".split()
)
DENIALS = frozenset("wrong incorrect not false never neither isn't cannot impossible untrue".split())
# After these a number is not the value.
LIMITS = frozenset(
    "no not never least most more less fewer than without except wrong false incorrect neither between if unless over "
    "under above below minus plus times up down every".split()
)
CONDITIONS = frozenset({"for", "where", "with", "when", "if", "as", "such", "given", "whenever"})
OPPOSITES = tuple(
    frozenset(group.split())
    for group in (
        "am pm", "bc ad", "bce ce", "north south east west", "odd even", "increasing decreasing", "increases decreases",
        "increase decrease", "wins loses draws", "win lose draw", "true false", "yes no", "above below", "more less",
        "greater less", "more fewer", "greater smaller", "larger smaller", "left right", "up down", "upward downward",
        "upwards downwards", "positive negative", "nonnegative negative", "convergent divergent", "converges diverges",
        "maximum minimum", "max min", "least most", "prime composite", "before after", "parallel perpendicular",
        "clockwise counterclockwise", "clockwise anticlockwise", "even neither", "odd neither", "rational irrational",
        "first second third fourth fifth", "red blue green yellow black white orange purple brown pink",
        "monday tuesday wednesday thursday friday saturday sunday", "injective surjective", "bounded unbounded",
        "january february march april may june july august september october november december", "always never",
        "always sometimes", "linear quadratic cubic", "horizontal vertical", "inside outside", "finite infinite",
        "continuous discontinuous", "possible impossible", "valid invalid", "correct incorrect", "right wrong",
        "consistent inconsistent", "reject accept", "acute obtuse", "gain loss", "profit loss", "won lost",
        "male female",
        "inner outer", "upper lower", "concave convex", "dependent independent", "singular nonsingular", "all none",
        "ellipse parabola hyperbola circle", "isosceles equilateral scalene", "heads tails",
        "northeast northwest southeast southwest",
        "early late", "ascending descending", "faster slower", "older younger", "taller shorter", "hot cold",
        "day night",
    )
)  # fmt: skip
_YES, _NO = frozenset("yes true correct".split()), frozenset("no false incorrect".split())
# Words that are answers by themselves and name no number.
NO_NUMBER = frozenset(
    "yes no true false even odd never always impossible none undefined dne tie draw neither both increasing decreasing "
    "divergent diverges".split()
)
NOTHING = (
    frozenset({"none"}), frozenset({"no", "solution"}), frozenset({"no", "solutions"}),
    frozenset({"no", "real", "solution"}),
    frozenset({"no", "real", "solutions"}), frozenset({"empty", "set"}), frozenset({"the", "empty", "set"}),
)  # fmt: skip
NUMBERS = {
    word: Fraction(index)
    for index, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen "
        "eighteen nineteen twenty".split()
    )
} | {"thirty": Fraction(30), "forty": Fraction(40), "fifty": Fraction(50), "sixty": Fraction(60),
     "seventy": Fraction(70),     "eighty": Fraction(80), "ninety": Fraction(90)}  # fmt: skip
_ORDINALS = "half third fourth fifth sixth seventh eighth ninth tenth".split()
SCALES = {
    "hundred": Fraction(100), "thousand": Fraction(1000), "million": Fraction(10**6), "billion": Fraction(10**9),
    "trillion": Fraction(10**12), "dozen": Fraction(12), "dozens": Fraction(12), "score": Fraction(20),
    "gross": Fraction(144), "hundreds": Fraction(100), "thousands": Fraction(1000), "millions": Fraction(10**6),
    "billions": Fraction(10**9), "tens": Fraction(10), "halves": Fraction(1, 2),
    "hundredth": Fraction(1, 100), "hundredths": Fraction(1, 100),
    "thousandth": Fraction(1, 1000), "thousandths": Fraction(1, 1000), "millionth": Fraction(1, 10**6),
    "millionths": Fraction(1, 10**6),
    **{word: Fraction(1, index) for index, word in enumerate(_ORDINALS, 2)},
    **{f"{word}s": Fraction(1, index) for index, word in enumerate(_ORDINALS, 2) if word != "half"},
}  # fmt: skip
_NOT_COUNTED = frozenset(
    "is was has does loses wins times less plus minus always yes this its us as his thus equals "
    "increases decreases converges diverges draws fails passes exists ours yours hers theirs others across towards "
    "upwards downwards afterwards besides perhaps sometimes".split()
)
_COUNTED = frozenset(
    "people person child children man men woman women mouse mice foot feet goose geese tooth teeth fish sheep deer "
    "student apple pear book pen pencil marble ball coin stamp card dog cat bird car game point page ticket cookie "
    "candy egg box bag block step time way hour pound piece person number integer digit side edge vertex vertices face "
    "triangle square rectangle circle line term solution root value element subset pair team player match trip floor "
    "room house tree flower sticker toy girl boy guest friend worker customer member passenger vehicle homework staff "
    "furniture money water milk rice sugar flour bread fruit indices matrices data dice cattle "
    "offspring".split()
)


@lru_cache(maxsize=4096)
def parts(run: str, *, is_applied: bool = False) -> tuple[str, ...]:
    r"""Return the tokens that a run of letters outside `\text{}` is: a function, a word, or letters side by side.

    `is_applied`: a bracket follows at once, so that what would be a word is the name of a function.
    """
    bare = run.rstrip("'")
    if len(bare) == 1:
        return tuple(run)
    if is_applied and run not in _CONSTANTS and (len(bare) > 3 or bare in _APPLIED):
        return ("\\" + bare,)
    if run in _CONSTANTS or run in FUNCTIONS:
        return (_CONSTANTS.get(run, "\\" + run),)
    if bare.casefold() in _SHORT_WORDS:
        return ("`" + run,)
    name = next((bare[:length] for length in (6, 3, 2) if bare[:length] in FUNCTIONS), "")
    if name and len(bare) > 3 and len(bare) - len(name) < 2:
        return ("\\" + name, *parts(bare[len(name) :]))
    is_word = len(bare) > 3 and (_WORD_LIKE.fullmatch(bare) or not bare.islower())
    return ("`" + run,) if is_word else tuple(run)


def is_function(word: str) -> bool:
    """Return whether a word is the name of a function."""
    return word in FUNCTIONS


def is_counted(words: list[str]) -> bool:
    """Return whether words name what is counted: `apples`, `toy helicopters`, `words per minute`."""
    if not words or len(words) > 5 or any(word in LIMITS | DENIALS or word in SCALES for word in words):
        return False
    if "per" in words[1:-1]:
        return is_counted(words[: words.index("per")])
    if "of" in words[1:-1]:
        return is_counted(words[: words.index("of")]) and not set(words) & OPPOSED
    last = words[-1]
    plural = last.endswith("s") and not last.endswith(("ss", "us", "is", "ths")) and last not in _NOT_COUNTED
    return (last in _COUNTED or (plural and len(last) > 3)) and not set(words[:-1]) & (OPPOSED | _NOT_COUNTED)


def singular(words: list[str]) -> str:
    """Return a name that the singular and the plural of what is counted share."""
    counted = [word for word in words if word not in FILLERS]
    if counted:
        last = counted[-1]
        irregular = {"people": "person", "men": "man", "women": "woman", "children": "child", "feet": "foot"}
        counted[-1] = irregular.get(
            last, last[:-3] + "y" if last.endswith("ies") else last[:-1] if last[-1:] == "s" else last
        )
    return " ".join(counted)


# Nouns that multiply what they count: 25 pairs may be 50, or 25 of what was asked for.
MULTIPLES = frozenset({"pair", "couple", "trio", "triplet", "quartet"})
# Things of which each excludes the others; of other nouns two may name the same: pupils and students.
_THINGS = frozenset(
    "apple pear orange banana peach plum cherry lemon mango melon strawberry dog cat cow horse sheep pig goat rabbit "
    "fox wolf lion tiger elephant monkey book pen pencil eraser notebook marker crayon marble stamp shirt sock shoe "
    "glove car truck bus bicycle boy girl adult child chair table plate fork spoon knife rose tulip lily tomato potato "
    "carrot onion egg balloon kite drum violin piano teacher student".split()
)


def are_different_things(one: str, other: str) -> bool:
    """Return whether two nouns name things that exclude each other: apples and pears."""
    return one != other and one in _THINGS and other in _THINGS


OPPOSED = frozenset(word for group in OPPOSITES for word in group)


def are_opposite(one: str, other: str) -> bool:
    """Return whether two different words exclude each other."""
    if one == other:
        return False
    if (one in _YES and other in _NO) or (one in _NO and other in _YES):
        return True
    return any(one in group and other in group for group in OPPOSITES)
