r"""Brings an answer's text into one notation: `\left`, spaces, `\dfrac`, Unicode signs and dollar signs come off.

Two texts that come out the same are the same answer, whether or not anything else can read them.
"""

from __future__ import annotations

import re

_UNICODE = str.maketrans(
    {
        "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "－": "-", "＋": "+", "×": "*", "✕": "*", "·": "*",
        "⋅": "*", "∙": "*", "∗": "*", "÷": "/", "∕": "/", "⁄": "/", "＝": "=", "＜": "<", "＞": ">", "≤": r"\le ",
        "≥": r"\ge ", "⩽": r"\le ", "⩾": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "∪": r"\cup ", "∩": r"\cap ",
        "∈": r"\in ", "∞": r"\infty ", "π": r"\pi ", "√": r"\sqrt ", "±": r"\pm ", "∓": r"\mp ", "°": r"^\circ ",
        "º": r"^\circ ", "∅": r"\emptyset ", "∀": r"\forall ", "∃": r"\exists ", "⇒": r"\Rightarrow ", "≡": r"\equiv ",
        "⟹": r"\Rightarrow ", "→": r"\to ", "…": r"\ldots ", "⋯": r"\ldots ", "（": "(", "）": ")", "，": ",",
        "；": ";",
        "：": ":", "％": "%", "、": ",", "。": ".", "｛": "{", "｝": "}", "［": "[", "］": "]", "⟨": r"\langle ",
        "⟩": r"\rangle ", "∖": r"\setminus ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}",
        "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}", "¬": r"\neg ", "\u200b": "", "\u200c": "", "\u200d": "", "\ufeff": "",
        "\u2060": "", "\u00ad": "", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u3000": " ", "’": "'", "‘": "'",
        "′": "'", "½": r"\frac{1}{2}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}", "¼": r"\frac{1}{4}",
        "¾": r"\frac{3}{4}", "⅛": r"\frac{1}{8}", "∣": "|", "│": "|", "℃": "°C", "℉": "°F", "µ": "μ",
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
        **{chr(0xFF21 + index): chr(65 + index) for index in range(26)},
        **{chr(0xFF41 + index): chr(97 + index) for index in range(26)},
    }
)  # fmt: skip
_GREEK = str.maketrans({
    "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ", "δ": r"\delta ", "ε": r"\epsilon ", "θ": r"\theta ",
    "λ": r"\lambda ", "ρ": r"\rho ", "σ": r"\sigma ", "τ": r"\tau ", "φ": r"\phi ", "ω": r"\omega ",
})  # fmt: skip
_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
_BELOW = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_MARKS = {"sup": "^", "sub": "_"}
_SCRIPTS = (
    (re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+"), lambda match: f"^{{{match.group().translate(_POWERS)}}}"),
    (re.compile("[₀₁₂₃₄₅₆₇₈₉]+"), lambda match: f"_{{{match.group().translate(_BELOW)}}}"),
    (re.compile(r"<(su[pb])>([^<>]{0,40})</su[pb]>"), lambda match: f"{_MARKS[match[1]]}{{{match[2]}}}"),
)  # fmt: skip
_COMMANDS = {
    "dfrac": r"\frac", "tfrac": r"\frac", "cfrac": r"\frac", "leq": r"\le ", "leqslant": r"\le ", "geq": r"\ge ",
    "geqslant": r"\ge ", "lt": "<", "gt": ">", "neq": r"\ne ", "times": "*", "cdot": "*", "div": "/", "ast": "*",
    "dots": r"\ldots ", "cdots": r"\ldots ", "dotsc": r"\ldots ", "dotsb": r"\ldots ", "vdots": r"\ldots ",
    "varnothing": r"\emptyset ", "lbrace": r"\{", "rbrace": r"\}", "lbrack": "[", "rbrack": "]", "lvert": "|",
    "rvert": "|", "vert": "|", "mid": "|", "colon": ":", "land": r"\text{ and }", "lor": r"\text{ or }",
    "wedge": r"\text{ and }", "vee": r"\text{ or }", "implies": r"\Rightarrow ", "Longrightarrow": r"\Rightarrow ",
    "rightarrow": r"\to ", "iff": r"\Leftrightarrow ", "backslash": r"\setminus ", "degree": r"^\circ ",
    "displaystyle": "", "textstyle": "", "limits": "", "quad": " ", "qquad": " ", "left": "", "right": "", "big": "",
    "Big": "", "bigg": "", "Bigg": "", "bigl": "", "bigr": "", "Bigl": "", "Bigr": "", "biggl": "", "biggr": "",
    "thinspace": " ", "enspace": " ", "nobreak": "", "rm": "", "bf": "", "it": "", "lnot": r"\neg ",
    "simeq": r"\approx ",
    "dag": "", "arcsinh": r"\operatorname{arcsinh}", "tg": r"\tan ", "ctg": r"\cot ", "arctg": r"\arctan ",
    "lg": r"\log ",
    "textdegree": r"^\circ ", "textpercent": "%", "percent": "%", "euro": "€", "pounds": "£", "because": " ",
    "therefore": " ", "mathdollar": r"\$", "textdollar": r"\$", "varphi": r"\phi ", "varepsilon": r"\epsilon ",
    "bmod": r"\bmod ", "mod": r"\bmod ", "pmod": r"\pmod ", "lfloor": r"\lfloor ", "blacksquare": "", "square": "",
}  # fmt: skip
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?")
_SPACING = re.compile(r"\\\\(?!\s*$)|\\[()\[\]]|\\[,;:>! ]|~|\\\\(?=\s*$)|\\(?:h|v)space\*?\{[^{}]{0,20}\}|\{,\}\s?")
_SPACED = {r"\!": "", "{,}": ",", "\\\\": "\\\\"}
_MONEY = re.compile(r"\\\$|(?<![\\$])\$(?=\s?\d[\d,.]*(?![^$]*\$))")
_TEXT_WHOLE = re.compile(
    r"\\(?:text(?:rm|bf|it|normal|sf|up|tt)?|math(?:rm|bf|it|sf|tt|normal)|mbox|hbox|boldsymbol|emph)\s*\{([^{}]*)\}"
)
_BRACED_MARK = re.compile(r"\{([<>=,:;]|\\(?:le|ge|ne)\s?)\}")
_OF_DEGREES = re.compile(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))")
_PERCENT = re.compile(r"\\%|(?<=[\d}\s])(?:\\text\{\s*)?(?:percent|per cent|pct)(?:\s*\})?(?![A-Za-z])")
_ENDS = frozenset(".;,:")
_LOOSE_SPACE = re.compile(r"(?<![A-Za-z0-9.]) | (?![A-Za-z0-9.])")
_MARKDOWN = re.compile(r"\*\*(?=\S)([^*]{1,200})(?<=\S)\*\*|`([^`]{1,200})`")
_OUTER_DOT = re.compile(r"(?<![.\\])(?:\.{1,2}|[;,:])\s*$")
_DIGITS_SPLIT = re.compile(r"(?<=\d),?\s?\\!\s?(?=\d{3})")
_NEW_LINE = re.compile(r"(?:(?<=[\d)}\]%°])|(?<=(?<![A-Za-z])[A-Za-z]))\s*\n\s*(?=[\w(\[\\{-])")
_CHOOSE = re.compile(r"\{\s*([^{}\\]{1,20}?)\s*\\choose\s*([^{}\\]{1,20}?)\s*\}")
_UNIT_FRACTION = re.compile(
    r"\\frac\s*\{\s*\\(?:text|mathrm)\s*\{([A-Za-z ]{1,20})\}\s*\}\s*"
    r"\{\s*\\(?:text|mathrm)\s*\{([A-Za-z ]{1,20})\}\s*(\^\s*\{?\d\}?)?\s*\}"
)
_OF_TEMPERATURE = re.compile(r"°\s*\\(?:text|mathrm)\s*\{\s*([CF])\s*\}")
_OPEN_ENDED = re.compile(r"([\]\[(])([^\[\]()]{1,80})([\[\])])")
DEGREE, MONEY = "°", "$"


def canonical(text: str) -> str:
    r"""Return the text in one notation; `°` is the degree sign and `$` money, all other dollar signs are gone."""
    if "**" in text or "`" in text:
        text = _MARKDOWN.sub(lambda match: match[1] or match[2], text)
    if not text.isascii():
        for pattern, written in _SCRIPTS:
            text = pattern.sub(written, text)
        text = text.translate(_UNICODE).translate(_GREEK)
    elif "<su" in text:
        text = _SCRIPTS[2][0].sub(_SCRIPTS[2][1], text)
    if "$" in text:
        text = _MONEY.sub("＄", text).replace("$", " ").replace("＄", MONEY)
    if "\\" in text or "~" in text or "{" in text:
        text = _without_commands(text)
    if "\n" in text and "\\begin" not in text:
        text = _NEW_LINE.sub("; ", text.strip())
    text = _PERCENT.sub("%", text) if "%" in text or "pct" in text or "cent" in text else text
    text = " ".join(text.split())
    if text[-1:] in _ENDS:
        text = _OUTER_DOT.sub("", text).rstrip()
    if text[:1] == "]" or text[-1:] == "[":
        text = _OPEN_ENDED.sub(_interval, text)
    wrapped = _TEXT_WHOLE.fullmatch(text) if text[:1] == "\\" else None
    return wrapped[1].strip() if wrapped else text


def _interval(match: re.Match[str]) -> str:
    """Return an interval whose open ends are written with brackets turned outwards in round ones: ]1,2[ is (1,2)."""
    opening, inside, closing = match.groups()
    return ("(" if opening == "]" else opening) + inside + (")" if closing == "[" else closing)


def _without_commands(text: str) -> str:
    text = _DIGITS_SPLIT.sub("", text) if "\\!" in text else text
    text = _SPACING.sub(lambda match: _SPACED.get(match.group().rstrip() or " ", " "), text)
    if "\\" in text:
        text = _COMMAND.sub(lambda match: _COMMANDS.get(match[1], match.group()), text)
    text = _CHOOSE.sub(r"\\binom{\1}{\2}", text) if "choose" in text else text
    text = _UNIT_FRACTION.sub(r"\\text{ \1/\2}\3", text) if "frac" in text else text
    text = _OF_TEMPERATURE.sub(r"°\1", _OF_DEGREES.sub(DEGREE, text)) if "°" in text or "circ" in text else text
    return _BRACED_MARK.sub(r"\1", text)


def compact(text: str) -> str:
    """Return canonical text without the spaces and text wrappers that carry no meaning."""
    return _LOOSE_SPACE.sub("", _TEXT_WHOLE.sub(r"\1", text) if "\\" in text else text)
