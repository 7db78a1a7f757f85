"""The pictures of a card: each is a file in light and a file in dark, and the page shows the one that suits it.

GitHub chooses between the two by a `<picture>` with a `prefers-color-scheme` source, as browsers do anywhere
(https://docs.github.com/en/get-started/writing-on-github). The Hub's documentation names two other ways
(https://huggingface.co/docs/hub/model-cards): a fragment of the address of what was uploaded in its editor, and classes
of its own. GitHub knows neither and would show both pictures. So it is `<picture>`, with the alternative text on the
image in it; both grounds are opaque, so that either can be read on any page.

Whether the Hub resolves a relative `srcset` is not documented, so a push writes it in full (`with_addresses`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from open_thoughts_gen.publish.markdown import inline

ASSETS = "assets"
_DARK = "-dark.png"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure that stands in the folder: its file name in light and what it shows, for those who cannot see it."""

    name: str
    caption: str

    @property
    def dark_name(self) -> str:
        """The file name in dark."""
        return self.name.removesuffix(".png") + _DARK

    @property
    def markdown(self) -> str:
        """The figure as it stands on a card."""
        source = f'<source media="(prefers-color-scheme: dark)" srcset="{ASSETS}/{self.dark_name}">'
        return f"<picture>{source}![{inline(self.caption)}]({ASSETS}/{self.name})</picture>"


def light_pictures(folder: Path) -> list[Path]:
    """Return the files in light of all figures of a dataset's folder."""
    return sorted(file for file in (folder / ASSETS).glob("*.png") if not file.name.endswith(_DARK))


def with_addresses(card: str, repo: str) -> str:
    """Return a card as it stands in a repository of the Hub, where the pictures in dark have full addresses."""
    address = f"https://huggingface.co/datasets/{repo}/resolve/main/{ASSETS}/"
    return card.replace(f'srcset="{ASSETS}/', f'srcset="{address}')
