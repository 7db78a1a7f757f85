r"""Recursive descent over the tokens of a formula: sums, products, powers, fractions, roots and some functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from open_thoughts_gen.algebra import arithmetic, vocabulary
from open_thoughts_gen.algebra.tokens import WORD, UnreadableError
from open_thoughts_gen.algebra.values import Scalar

_MAX_DEPTH = 24
_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega "
    "Delta Gamma Omega "
    "Lambda Sigma Phi".split()
)
_KEPT_CAPITAL = frozenset("IED")  # in small they would mean the imaginary unit, Euler's number, a differential
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "ln": math.log, "log": math.log10,
    "arcsin": math.asin, "arccos": math.acos, "arctan": math.atan, "asin": math.asin, "acos": math.acos,
    "atan": math.atan, "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh, "exp": math.exp, "abs": abs,
    "cot": lambda at: 1 / math.tan(at), "sec": lambda at: 1 / math.cos(at), "csc": lambda at: 1 / math.sin(at),
    "coth": lambda at: 1 / math.tanh(at), "floor": math.floor, "ceil": math.ceil, "arcsinh": math.asinh,
    "arccosh": math.acosh, "arctanh": math.atanh, "sech": lambda at: 1 / math.cosh(at),
    "csch": lambda at: 1 / math.sinh(at), "arccot": lambda at: math.atan(1 / at),
    "arcsec": lambda at: math.acos(1 / at), "arccsc": lambda at: math.asin(1 / at),
}  # fmt: skip
_SAME_FUNCTION = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
_CIRCULAR = frozenset("sin cos tan cot sec csc".split())
_TWO_ARGUMENTS = {"\\frac": arithmetic.over, "\\binom": arithmetic.binomial, "\\dbinom": arithmetic.binomial}
_GROUPS = {"(": ")", "{": "}", "[": "]", "\\lfloor": "\\rfloor", "\\lceil": "\\rceil", "|": "|"}
_CALLED = {"\\lfloor": "floor", "\\lceil": "ceil", "|": "abs"}
_DEGREE = arithmetic.over(arithmetic.letter("π"), arithmetic.whole(180))


class FormulaParser:
    """The tokens of one text and a place among them. `is_folded`: capital letters mean the same as small ones."""

    def __init__(self, tokens: list[str], *, is_folded: bool = False) -> None:
        self.tokens = [*tokens, "", "", "", ""]
        self.at = 0
        self.has_degrees = False
        self.in_radians = False  # whether a degree sign is worked out, where no function asks for it
        self._is_folded = is_folded
        self._depth = 0
        self._num_forks = 0
        self._takes_minus = False
        self._num_circular = 0
        self._in_bars = False

    @property
    def next(self) -> str:
        """The next symbol; empty at the end."""
        return self.tokens[self.at]

    def take(self, *wanted: str) -> str | None:
        """Go past the next symbol if it is one of these, and return it."""
        symbol = self.tokens[self.at]
        if symbol not in wanted:
            return None
        self.at += 1
        return symbol

    def end(self) -> None:
        """Refuse what is left."""
        if self.next:
            raise UnreadableError(f"{self.next.lstrip(WORD)!r} is not understood where it stands")

    def lone_letter(self, scalar: Scalar) -> str | None:
        """Return the letter if a scalar is one letter alone, else None."""
        return scalar.tree[1] if scalar.free and scalar.tree[0] == "x" else None

    def several(self) -> list[Scalar]:
        """Read an expression, which is two where it says plus or minus."""
        start, self._num_forks = self.at, 0
        first = self._sum()
        if not self._num_forks:
            return [first]
        if self._num_forks > 1 and "∓" not in self.tokens[start : self.at]:
            raise UnreadableError("plus or minus, twice")
        self.at, self._takes_minus = start, True
        second = self._sum()
        self._takes_minus = False
        return [first, second]

    def bound(self) -> Scalar:
        """Read an expression or an infinity."""
        sign = self.take("+", "-")
        if self.take("∞"):
            return arithmetic.minus(arithmetic.INFINITY) if sign == "-" else arithmetic.INFINITY
        self.at -= sign is not None
        return self.expression()

    def expression(self) -> Scalar:
        """Read an expression that is one."""
        values = self.several()
        if len(values) > 1:
            raise UnreadableError("plus or minus, where one value belongs")
        return values[0]

    def _sum(self) -> Scalar:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise UnreadableError("it is nested too deeply")
        total: Scalar | None = None
        sign = self._sign()
        while total is None or sign:
            part = self._term()
            part = arithmetic.minus(part) if sign == "-" else part
            total = part if total is None else arithmetic.plus(total, part)
            sign = self._sign()
        self._depth -= 1
        return total

    def _sign(self) -> str | None:
        sign = self.take("+", "-", "±", "∓")
        if sign not in {"±", "∓"}:
            return sign
        self._num_forks += 1
        return "-" if self._takes_minus == (sign == "±") else "+"

    def _term(self) -> Scalar:
        """Read a product; 1/2x is refused, since habits differ on whether the x is above or below."""
        product = self._chain()
        while sign := self.take("*", "/"):
            negative = self.take("-")
            start = self.at
            factor = self._chain()
            first, second = self.tokens[start : start + 2]
            if sign == "/" and first[:1].isdigit() and self.at > start + 1 and second not in {"^", "!"}:
                raise UnreadableError("what follows the stroke may stand above or below it")
            product = arithmetic.times(product, factor) if sign == "*" else arithmetic.over(product, factor)
            product = arithmetic.minus(product) if negative else product
        return product

    def _chain(self) -> Scalar:
        start = self.at
        product = self._power()
        mixed = self.tokens[start].isdigit() and self.at == start + 1 and self.next == "\\frac"
        while self._starts_factor():
            before = self.at
            factor = self._power()
            if mixed and factor.value is not None:  # a number and a fraction, side by side: two and a half
                is_simple = all(each in {"{", "}"} or each.isdigit() for each in self.tokens[before + 1 : self.at])
                if not is_simple or self._starts_factor() or not 0 < factor.real < 1:
                    raise UnreadableError("it may be a product or a mixed number")
                return arithmetic.plus(product, factor)
            mixed = False
            product = arithmetic.times(product, factor)
        return product

    def _starts_factor(self) -> bool:
        symbol = self.next
        if symbol[:1].isdigit() or symbol[:1] == ".":
            raise UnreadableError("a number stands right after another")
        return (
            symbol in {"(", "\\frac", "\\sqrt", "π", "\\binom", "\\dbinom"}
            or (symbol == "|" and not self._in_bars)
            or (symbol[:1] == "\\" and (symbol[1:] in _GREEK or symbol[1:] in _FUNCTIONS or symbol in _CALLED))
            or (symbol == "{" and not self._holds_list())
            or (len(symbol) == 1 and symbol.isalpha() and symbol not in "∞ℝℤℕℚℂ")
        )

    def _holds_list(self) -> bool:
        depth = 0
        for symbol in self.tokens[self.at :]:
            depth += (symbol in {"(", "[", "{"}) - (symbol in {")", "]", "}"})
            if depth == 0:
                return False
            if depth == 1 and symbol in {",", ";"}:
                return True
        return True

    def _power(self) -> Scalar:
        base = self._primary()
        if self.take("!"):
            base = arithmetic.factorial(base)
            if self.next == "!":
                raise UnreadableError("whether two signs are a double factorial is not certain")
        if self.take("^"):
            base = arithmetic.raised(base, self._exponent())
            if self.next in {"^", "!"}:
                raise UnreadableError("a power of a power needs brackets")
        if not self.take("°"):
            return base
        if self._num_circular or self.in_radians:
            return arithmetic.times(base, _DEGREE)
        self.has_degrees = True
        return base

    def _exponent(self) -> Scalar:
        if self.next == "{":
            return self._argument()
        negative = self.take("-")
        symbol = self.next
        if self.take("("):
            exponent = self._sum()
            self._close(")")
        elif len(symbol) != 1 or not (symbol.isdigit() or symbol.isalpha()):
            raise UnreadableError("an exponent of more than one sign needs braces")
        else:
            exponent = self._primary()
            if symbol.isdigit() and self.next[:1].isdigit():
                raise UnreadableError("an exponent of more than one sign needs braces")
        return arithmetic.minus(exponent) if negative else exponent

    def _primary(self) -> Scalar:
        symbol = self.next
        self.at += 1
        if symbol[:1].isdigit() or symbol[:1] == ".":
            return self._scaled(self._number(symbol))
        if symbol in _TWO_ARGUMENTS:
            first = self._argument()
            return _TWO_ARGUMENTS[symbol](first, self._argument())
        if symbol in _GROUPS:
            if symbol == "|" and self._in_bars:
                raise UnreadableError("bars within bars")
            in_bars, self._in_bars = self._in_bars, self._in_bars or symbol == "|"
            inside = self._sum()
            self._in_bars = in_bars
            self._close(_GROUPS[symbol])
            name = _CALLED.get(symbol)
            return inside if name is None else arithmetic.called(name, _FUNCTIONS[name], inside)
        if symbol[:1] == WORD:
            return self._number_word(symbol[1:])
        if symbol == "\\sqrt":
            return self._root()
        is_function = symbol[:1] == "\\" and symbol[1:] in _FUNCTIONS
        return self._function(symbol[1:]) if is_function else self._letter(symbol)

    def _number(self, symbol: str) -> Scalar:
        scientific = self.next in {"e", "E"} and self.tokens[self.at + 1][:1].isdigit()
        if (
            scientific
            or self.next == "_"
            or (len(symbol) > 1 and symbol[0] == "0" and symbol.isdigit())
            or len(symbol) > 400
        ):
            raise UnreadableError("something is attached to a number")
        return arithmetic.written(symbol)

    def _scaled(self, number: Scalar) -> Scalar:
        """Return a number and the word after it that multiplies it: 5 million."""
        while self.next[:1] == WORD and self.next[1:].casefold() in vocabulary.SCALES:
            number = arithmetic.times(number, arithmetic.rational(vocabulary.SCALES[self.next[1:].casefold()]))
            self.at += 1
        return number

    def _number_word(self, word: str) -> Scalar:
        value = vocabulary.NUMBERS.get(word.casefold())
        if value is None:
            if len(word) == 1 and self.next not in {"-", "."}:
                return self._letter(word)
            raise UnreadableError(f"the word {word!r}")
        after = self.tokens[self.at + 1][1:].casefold()
        if self.next == "-" and after in vocabulary.SCALES and value < 10:  # one-half
            self.at += 2
            return arithmetic.rational(value * vocabulary.SCALES[after])
        if self.next == "-" and self.tokens[self.at + 1][:1] == WORD:
            ones = vocabulary.NUMBERS.get(self.tokens[self.at + 1][1:].casefold(), Fraction(99))
            if value < 20 or ones > 9:
                raise UnreadableError(f"the word {word!r}")
            self.at += 2
            value += ones
        return self._scaled(arithmetic.rational(value))

    def _letter(self, symbol: str) -> Scalar:
        is_greek = symbol[:1] == "\\" and symbol[1:] in _GREEK
        name = symbol[1:] if is_greek else symbol
        if not (symbol == "π" or is_greek or (len(symbol) == 1 and symbol.isalpha() and symbol not in "∞ℝℤℕℚℂ")):
            raise UnreadableError(f"{symbol!r} is not understood where it stands" if symbol else "it ends too early")
        if symbol == "d" and len(self.next) == 1 and self.next.isalpha():
            raise UnreadableError("a differential")
        if self._is_folded and symbol not in _KEPT_CAPITAL and not is_greek:
            name = name.lower()
        if self.take("_"):
            name = f"{name}_{self._subscript()}"
        while self.take("'"):
            name += "'"
        if self.next == "(" and self.tokens[self.at + 2] == ")":
            raise UnreadableError("it may be a product or a function")
        return arithmetic.letter(name)

    def _subscript(self) -> str:
        braced = self.take("{")
        start = self.at
        self.at += 1
        if braced:
            while self.next and self.next != "}":
                self.at += 1
        inside = "".join(symbol.strip("`\\") for symbol in self.tokens[start : self.at])
        if not inside or (not braced and len(inside) > 1 and inside[0] != "\\"):
            raise UnreadableError("a subscript")
        if braced:
            self._close("}")
        return inside.lower() if self._is_folded else inside

    def _root(self) -> Scalar:
        degree = 2
        if self.take("["):
            symbol = self.next
            if not symbol.isdigit() or not 2 <= int(symbol[:3]) <= 99:
                raise UnreadableError("a root of that degree")
            degree = int(symbol)
            self.at += 1
            self._close("]")
        return arithmetic.root(self._argument(), degree)

    def _function(self, name: str) -> Scalar:
        """Read the argument of a function: in brackets, or a product that an operator or a bracket ends."""
        name, exponent = _SAME_FUNCTION.get(name, name), None
        if name == "log" and self.take("_"):
            base = self._argument()
            return arithmetic.called("log", math.log, self._applied(), base)
        if self.take("^"):
            exponent = self._exponent()
            if exponent.value == -1 and name in {"sin", "cos", "tan"}:
                name, exponent = f"arc{name}", None
            elif exponent.value is None or exponent.value <= 0:
                raise UnreadableError("the inverse of a function")
        self._num_circular += name in _CIRCULAR
        inside = self._applied()
        self._num_circular -= name in _CIRCULAR
        if name == "exp":
            called = arithmetic.raised(arithmetic.letter("e"), inside)
        else:
            called = arithmetic.called(name, _FUNCTIONS[name], inside)
        if exponent is None and self.take("^"):  # sin(x)^2 is the square of the sine
            exponent = self._exponent()
        return called if exponent is None else arithmetic.raised(called, exponent)

    def _applied(self) -> Scalar:
        if self.next in {"(", "{", "["}:
            inside = self._argument() if self.next == "{" else self._primary()
            if self.next == "!":
                raise UnreadableError("it is not clear where the argument of a function ends")
            return inside
        inside = self._power()
        while self._starts_factor() and self.next != "(" and self.next[1:] not in _FUNCTIONS:
            inside = arithmetic.times(inside, self._power())
        if self.next in {"(", "/"}:
            raise UnreadableError("it is not clear where the argument of a function ends")
        return inside

    def _argument(self) -> Scalar:
        """Read what stands in braces, or a single digit or letter."""
        if self.take("{"):
            inside = self._sum()
            self._close("}")
            return inside
        symbol = self.next
        if not symbol.isdigit() or len(symbol) == 1:
            return self._primary()
        # One half may be written without braces: the first of two digits is read, any further ones are in doubt.
        if len(symbol) != 2 or self.tokens[self.at - 1] != "\\frac":
            raise UnreadableError("several digits without braces")
        self.tokens[self.at : self.at + 1] = symbol
        self.at += 1
        return arithmetic.whole(int(symbol[0]))

    def _close(self, wanted: str) -> None:
        if not self.take(wanted):
            raise UnreadableError(f"{wanted!r} is missing")
