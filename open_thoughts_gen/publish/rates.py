"""Shares in percent, and the interval in which the true one lies, 95 times of 100: E. B. Wilson's, of 1927.

It is narrow where there are many trials, wide where there are few, never leaves 0 to 1, and is not a point where all
trials went alike.
"""

from __future__ import annotations

import math

Z = 1.959963984540054  # of 95 %


def wilson(share: float, num_trials: float) -> tuple[float, float]:
    """Return the ends of the interval of a share, 0..1, of at least one independent trial."""
    scale = 1 + Z * Z / num_trials
    centre = share + Z * Z / (2 * num_trials)
    half = Z * math.sqrt(share * (1 - share) / num_trials + Z * Z / (4 * num_trials * num_trials))
    low, high = (centre - half) / scale, (centre + half) / scale
    return min(max(0.0, low), share), max(min(1.0, high), share)


def percent(rate: float) -> str:
    """Return a rate (0..1) in percent; only what is exactly none or all prints as 0 % or 100 %."""
    if rate in (0, 1):
        return f"{rate:.0%}".replace("%", " %")
    return f"{min(max(rate * 100, 0.1), 99.9):.1f} %"
