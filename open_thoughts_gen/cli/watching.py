"""`run --watch`: a viewer of the answers of a run while they come, in a process of its own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.view import need_extra

if TYPE_CHECKING:
    from open_thoughts_gen.plugin import Context
    from open_thoughts_gen.recipe import Recipe
    from open_thoughts_gen.types import Sample


@contextmanager
def watched(
    recipe: Recipe, folder: Path, context: Context, arguments: argparse.Namespace
) -> Iterator[Callable[[Sample], None] | None]:
    """With --watch start a viewer, and give what takes the answers for it; it ends with the block.

    Answers lie beside the response cache, labels where a viewer of the finished run folder reads them.

    Raises:
        UserError: what the viewer needs is not installed.

    """
    if not getattr(arguments, "watch", False):
        yield None
        return
    need_extra()
    from open_thoughts_gen.publish.view.live import LiveRows

    with LiveRows(Path(f"{context.cache}.live") / f"{recipe.name}-{os.getpid()}") as live:
        command = [sys.executable, "-m", "open_thoughts_gen", "view", str(live.folder), "--follow"]
        command += ["--labels", f"{folder}.labels.jsonl", "--title", recipe.name]
        # Standard output is for what was asked for: the viewer prints its address beside the progress of the run.
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno()) as viewer:  # noqa: S603
            try:
                yield live.add
            finally:
                viewer.terminate()
