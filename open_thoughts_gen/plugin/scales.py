"""A mark on settings that count questions of a whole dataset, which a recipe's `scale` multiplies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scales:
    """Marks a setting that grows with the dataset, unless the setting named here is set (`per`: of each group)."""

    unless: str = ""
