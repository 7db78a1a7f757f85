"""Rows that try to run something, to break the page or to look like something else."""

from __future__ import annotations

from typing import Any

from tests.publish.view.folders import row

MARK = "window.attacked=1"
SCRIPTS = (
    f"<script>{MARK}</script>",
    f"</script><script>{MARK}</script>",
    f"<img src=x onerror='{MARK}'>",
    f"<svg onload={MARK}><animate onbegin={MARK} attributeName=x></svg>",
    f"<iframe srcdoc='<script>parent.{MARK}</script>'></iframe>",
    f"<math><mi href='javascript:{MARK}'>x</mi></math>",
    "<style>@import 'http://elsewhere.example/x.css'</style><link rel=stylesheet href=//elsewhere.example>",
    "<meta http-equiv=refresh content='0;url=http://elsewhere.example'>",
    f"<base href=http://elsewhere.example><form action=javascript:{MARK}><button>go</button></form>",
    f"<template><script>{MARK}</script></template><!--<script>{MARK}//-->",
)
LINKS = (
    f"[click](javascript:{MARK})",
    f"[click](JaVaScRiPt:{MARK}) ![x](javascript:{MARK})",
    f"[click](\tjavascript:{MARK}) <javascript:{MARK}>",
    f"[click](data:text/html,<script>{MARK}</script>)",
    "![picture](http://elsewhere.example/p.png)",
    f'[a](http://elsewhere.example/" onmouseover="{MARK})',
    f"[x]: javascript:{MARK}\n[x]",
)
LATEX = (
    "$\\frac{1}{$ and $$\\sqrt[3$$",
    f"$\\href{{javascript:{MARK}}}{{x}}$",
    "$" + "{" * 5_000 + "$",
    "$" + "\\frac{" * 500 + "1" + "}{2}" * 500 + "$",
    "\\begin{matrix} 1 & 2 \\end{pmatrix} \\[ \\left( x \\]",
    f"$\\text{{<script>{MARK}</script>}}$ $\\unicode{{x202e}}$ $x^{{y^{{z}}}}_{{}}$",
    "$$\n" * 300,
)
MARKDOWN = (
    "---\nlicense: other\n---\n# Heading\n| a | b |\n| - | - |\n| `|` | <b>x</b> |",
    "> " * 500 + "deep",
    "".join(f"{' ' * i}- item\n" for i in range(200)),
    "`" * 999 + "*" * 999 + "_" * 999 + "[" * 999,
    "```html\n<script>window.attacked=1</script>\n",
    "key: !!python/object/apply:os.system ['x']\n- &a [*a]\n{{7*7}} {% raw %} ${7*7}",
)
ORDERS = (
    "The answer is \u202etxet desrever\u202c and \u2066isolated\u2069 \u200b\u200e\ufeff \U000e0041\U000e0042",
    "\u202e" * 1_000 + "end",
    "a\x00b\x07c\x1b[31m \u2028 \u2029 \x85",
    "Z" + "\u0300" * 2_000 + "algo",
)
LARGE = ("x" * 1_000_000, "<b>" * 333_333, "* a\n" * 250_000, "$x$ " * 250_000)
TEXTS = (*SCRIPTS, *LINKS, *LATEX, *MARKDOWN, *ORDERS)


def hostile_rows(num: int = 500) -> list[dict[str, Any]]:
    """Return rows whose texts, answers, explanations and traits are hostile, some of a megabyte."""
    rows = []
    for i in range(num):
        texts = [TEXTS[(i + j) % len(TEXTS)] for j in range(5)]
        large = LARGE[i // 100 % len(LARGE)] if i % 100 == 50 else ""
        verdict = {
            "verifier": texts[1][:60],
            "outcome": texts[2][:60],
            "answer": texts[3][:900],
            "explanation": texts[4],
        }
        cells = {
            "question": f"{texts[0]}\n\n{large}", "reasoning": texts[1], "response": texts[2], "answer": texts[3],
            "reference": texts[4], "domain": texts[0][:80], "outcome": texts[1][:80], "verdicts": [verdict],
            "measures": [{"name": texts[2][:40], "value": texts[3], "by": texts[4]}], "spec": texts[0],
            "twin_of": row(i - 1)["id"] if i % 5 == 1 else None,
        }  # fmt: skip
        rows.append(row(i, **cells))
    return rows
