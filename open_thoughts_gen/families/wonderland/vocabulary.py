"""The 77 words of cipher puzzles: what the solver and the logs know, and no puzzle says."""

from __future__ import annotations

WORDS = tuple(
    sorted(
        set(
            "the alice bird cat dragon hatter king knight mouse princess queen rabbit student teacher turtle wizard "
            "chases creates discovers draws dreams explores follows found imagines reads sees studies watches writes "
            "ancient bright clever colorful curious dark golden hidden magical mysterious secret silver strange wise "
            "book castle crystal door forest garden key map message mirror potion puzzle story treasure above around "
            "beyond in inside near through under cave island library mountain ocean palace school tower valley village "
            "wonderland".split()
        )
    )
)
