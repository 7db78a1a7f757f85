"""The values of settings that filters of similar questions share."""

from __future__ import annotations

from typing import Literal

Keep = Literal["first", "longest", "best_verified"]
Numbers = bool | Literal["answers", "families"]
