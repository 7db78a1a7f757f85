"""The folder of an ablation: a run folder for each variant, and what they came to side by side.

    runs/NAME-STAGE/
      VARIANT/          a run folder as any other; its dataset/ is ready to train on
      ablation.md       the table, and the figure in light and dark
      ablation.json     the same for programs
      ablation-light.png, ablation-dark.png

A variant is finished if its run folder was made from the same recipe, by the same version, of the same files, and
reached its target. Nothing else is remembered, so an ablation that was interrupted goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.publish.folder import MADE_BY, check_place, read_run
from open_thoughts_gen.publish.markdown import code, inline, table
from open_thoughts_gen.publish.provenance import versions
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.rejudge.runs import SavedRun
from open_thoughts_gen.rejudge.summary import Summary, figures_of, overlap, summarize

RESULT = "ablation.json"
_MAX_FIGURE = 24  # variants


@dataclass(frozen=True)
class Ablation:
    """The folder of an ablation, what varies, and the values as the user gave them, by the names of the variants."""

    folder: Path
    vary: str
    values: Mapping[str, str]

    def begin(self) -> None:
        """Check that the folder may be written, before anything is paid for.

        Raises:
            UserError: something else stands there, or it cannot be written.

        """
        earlier = self._read()
        is_free = not self.folder.exists() or (self.folder.is_dir() and not any(self.folder.iterdir()))
        if earlier is None and not is_free:
            hint = "choose another folder with --out, or move it away"
            raise UserError(Fault(f"{self.folder} exists and is not the folder of an ablation", hint=hint))
        if earlier is not None and earlier.get("vary") != self.vary:
            hint = "choose another folder with --out"
            raise UserError(Fault(f"{self.folder} holds an ablation of {earlier.get('vary')}", hint=hint))
        for name in self.values:
            check_place(self.folder / name)
        if earlier is None:
            self._write(RESULT, json.dumps({"made_by": MADE_BY, "vary": self.vary}) + "\n")

    def is_finished(self, name: str, recipe: Recipe) -> bool:
        """Return whether a variant need not be made again."""
        folder = self.folder / name
        record, written = read_run(folder), folder / "recipe.yaml"
        if record is None or record.get("shortfall") or not written.is_file():
            return False
        inputs = record.get("inputs") or {}
        return (
            written.read_text("utf-8") == recipe.to_yaml()
            and record.get("versions") == versions()
            and all(_digest(Path(file)) == digest for file, digest in inputs.items())
        )

    def finish(self) -> dict[str, Summary]:
        """Compare the variants that are there, write table, figures and JSON, and return the figures by variant."""
        names = [name for name in self.values if read_run(self.folder / name) is not None]
        summaries = {name: summarize(SavedRun(self.folder / name)) for name in names}
        if summaries:
            from open_thoughts_gen.rejudge import ablation_figure  # imports matplotlib

            if len(summaries) <= _MAX_FIGURE:
                ablation_figure.draw(summaries, self.folder, title=self.vary)
        self._write("ablation.md", self._page(summaries))
        self._write(RESULT, json.dumps(self._result(summaries), ensure_ascii=False, indent=2) + "\n")
        return summaries

    def _page(self, summaries: Mapping[str, Summary]) -> str:
        lines = [f"# Ablation of {inline(self.vary)}", ""]
        head, rows = ["", *map(inline, summaries)], list(comparison(summaries))
        lines += [
            table(head, [(inline(row[0]), *map(inline, row[1:])) for row in rows], numbers=range(1, len(head))),
            "",
        ]
        lines += [
            f"- {inline(name)}: {code(self.values[name])}, dataset in {code(f'{name}/dataset')}" for name in summaries
        ]
        missing = [name for name in self.values if name not in summaries]
        lines += [f"- {inline(name)}: {code(self.values[name])}, nothing was accepted" for name in missing]
        if summaries and len(summaries) <= _MAX_FIGURE:
            picture = '<picture><source media="(prefers-color-scheme: dark)" srcset="ablation-dark.png">'
            lines += ["", f'{picture}<img src="ablation-light.png" alt="The table above as bars."></picture>']
        return "\n".join(lines) + "\n"

    def _result(self, summaries: Mapping[str, Summary]) -> dict[str, Any]:
        plain = {
            name: {each: getattr(summary, each) for each in Summary.__slots__ if each not in ("rows", "dropped")}
            | {"value": self.values[name], "dataset": f"{name}/dataset"}
            | {"overlap": {other: overlap(summary, theirs) for other, theirs in summaries.items() if other != name}}
            for name, summary in summaries.items()
        }
        return {"made_by": MADE_BY, "vary": self.vary, "variants": plain}

    def _read(self) -> dict[str, Any] | None:
        try:
            result = json.loads((self.folder / RESULT).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return result if isinstance(result, dict) and result.get("made_by") == MADE_BY else None

    def _write(self, name: str, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f".{name}.partial-{os.getpid()}"
        partial.write_text(text, encoding="utf-8")
        partial.replace(self.folder / name)


def comparison(summaries: Mapping[str, Summary]) -> Iterator[Sequence[str]]:
    """Yield the rows of the table: what is compared, then its value for each variant."""
    first = next(iter(summaries.values()), None)
    if first is None:
        return
    figures = [figures_of(summary) for summary in summaries.values()]
    for name in dict.fromkeys(name for each in figures for name in each):
        yield name, *(each.get(name, "-") for each in figures)
    for other, theirs in summaries.items():
        shares = [overlap(each, theirs) for each in summaries.values()]
        yield f"questions shared with {other}", *("-" if share is None else f"{100 * share:.1f} %" for share in shares)


def _digest(file: Path) -> str:
    """Return the SHA-256 of a file, empty if it cannot be read."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""
