"""Numbers of texts on both sides of every limit that the search knows, and what becomes of the first of many texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from open_thoughts_gen.filters.near_dedup import NearDedup
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.plugin.spread import Spread, in_place
from open_thoughts_gen.similar.all_pairs import BLOCK, WIDTH
from open_thoughts_gen.similar.crowds import FIRST
from open_thoughts_gen.similar.search import CHUNK
from open_thoughts_gen.similar.stages import CROWD
from open_thoughts_gen.types import DropReason, Question, Sample

NOTHING = 1e-9  # GB


def _limits(most: int) -> Iterator[int]:
    """Yield the sizes at which something else begins: crowds, blocks, chunks, and the columns of a crowd."""
    yield from (100, 500, 2_000, 5_000, 10_000, CROWD, BLOCK, WIDTH, CHUNK)
    end, num = FIRST, FIRST
    while end <= most:
        yield end
        num = min(WIDTH, 4 * num)
        end += num


def sizes(most: int) -> list[int]:
    """Return the sizes up to `most`, on both sides of each limit."""
    return sorted({size for limit in _limits(most) for size in (limit - 1, limit, limit + 1) if 0 < size <= most})


def outcomes(prompts: Sequence[str], spread: Spread = in_place, **settings: object) -> list[DropReason | None]:
    """Return what `near_dedup` makes of each prompt."""
    plugin = NearDedup.model_validate(settings).fresh(Context(spread=spread))
    return list(plugin.drop_reasons([Sample(Question(prompt)) for prompt in prompts]))
