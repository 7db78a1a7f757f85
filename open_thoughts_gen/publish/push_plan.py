"""What a push will change in a repository: only files that a push put there, and the card's generated part.

The repository has a list of what was pushed, with its digests (`MANIFEST`). A file that is on the list, that the new
dataset lacks and that nobody has changed since is deleted; every other file of the repository stays. A repository
without the list was not made by a push, and is written into only where the user says so.

The card's generated part is between two marked lines. What a person writes outside of them is kept, and so are keys
and tags of the front matter that the recipe does not set.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.publish.hub_rules import FRONT_MATTER
from open_thoughts_gen.text import shorten

MANIFEST, CARD = ".open_thoughts_gen.json", "README.md"
_HUBS_OWN = frozenset({".gitattributes"})  # the Hub puts it into every repository
_BEGIN, END = "<!-- open_thoughts_gen: begin -->", "<!-- open_thoughts_gen: end -->"
BEGIN = f"{_BEGIN}\n<!-- A push replaces what stands between these lines, and keeps what stands outside of them. -->"
_GENERATED = re.compile(rf"^{_BEGIN}[ \t]*\n.*^{END}[ \t]*$", re.MULTILINE | re.DOTALL)

# What pushes left that knew no list: a sentence of the card, and the names of the files.
_EARLIER_CARD = "Made with `open_thoughts_gen` from one recipe"
_EARLIER_FILE = re.compile(
    r"croissant\.json|assets/[^/]+-(?:funnel|lengths|makeup)\.png|(?:data|messages)/\w+-\d{5}-of-\d{5}\.parquet"
)

Content = Path | bytes


class Digest(NamedTuple):
    """Two hashes of a file, in hex: the Hub lists large files by the first and small ones by the second."""

    sha256: str
    git: str


class RemoteFile(NamedTuple):
    """A file of the repository, as the Hub lists it: by one of the two hashes, the other is empty."""

    path: str
    sha256: str
    git: str

    def has(self, digest: Digest) -> bool:
        """Return whether it is the file with this digest."""
        return self.sha256 == digest.sha256 if self.sha256 else self.git == digest.git


@dataclass(frozen=True, slots=True)
class PushPlan:
    """What a push does to a repository, by path. `untouched` are files that no push put there, or that were changed."""

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()

    @property
    def num_changes(self) -> int:
        """How many files change; the list of what was pushed is not counted."""
        return len({*self.added, *self.replaced, *self.deleted} - {MANIFEST})

    @property
    def summary(self) -> str:
        """How many files are changed in each way, in a line."""
        counts = f"{len(self.added)} added, {len(self.replaced)} replaced, {len(self.deleted)} deleted"
        return f"{counts}; {len(self.untouched)} other files stay as they are"

    def lines(self, max_paths: int = 20) -> list[str]:
        """Return the changed paths for people, at most `max_paths` of each kind."""
        lines: list[str] = []
        for sign, paths in (("+", self.added), ("~", self.replaced), ("-", self.deleted)):
            lines += [f"  {sign} {path}" for path in paths[:max_paths]]
            if len(paths) > max_paths:
                lines.append(f"  {sign} and {len(paths) - max_paths} more")
        return lines


def digest_of(content: Content) -> Digest:
    """Return the digest of a file, reading it once."""
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    sha256, git = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            sha256.update(chunk)
            git.update(chunk)
    return Digest(sha256.hexdigest(), git.hexdigest())


def manifest_of(digests: Mapping[str, Digest]) -> bytes:
    """Return the list of what is pushed, as it lies in the repository."""
    files = {path: digest._asdict() for path, digest in sorted(digests.items())}
    return (json.dumps({"made_by": "open_thoughts_gen", "files": files}, indent=1) + "\n").encode()


def pushed_before(
    repo: str, remote: Mapping[str, RemoteFile], *, manifest: str, card: str, into_existing: bool
) -> dict[str, Digest]:
    """Return what earlier pushes put into a repository, by path, from its list and its card (empty if it has none).

    Raises:
        UserError: the list is damaged; or the repository was not made by a push, and `into_existing` is False.

    """
    if manifest:
        try:
            entries = json.loads(manifest)["files"].items()
            return {path: Digest(entry["sha256"], entry["git"]) for path, entry in entries}
        except (ValueError, KeyError, TypeError, AttributeError):
            hint = "restore it from the repository's history"
            raise UserError(Fault(f"{MANIFEST} in the repository is damaged", hint=hint)) from None
    if _EARLIER_CARD in card:  # pushed before there was a list
        ours = (file for path, file in remote.items() if _EARLIER_FILE.fullmatch(path))
        return {file.path: Digest(file.sha256, file.git) for file in ours}
    others = sorted(remote.keys() - _HUBS_OWN)
    if others and not into_existing:
        hint = "push to another repository with --repo, or add the dataset to these files with --into-existing"
        shown = shorten(", ".join(others), 120)
        raise UserError(Fault(f"{repo} was not made by a push: it holds {len(others)} files ({shown})", hint=hint))
    return {}


def plan_push(
    digests: Mapping[str, Digest], remote: Mapping[str, RemoteFile], pushed: Mapping[str, Digest], *, repo: str
) -> PushPlan:
    """Return what changes: `digests` of the new files, the files there, and what earlier pushes put there.

    Raises:
        UserError: a file that no push put there is in the way of a new one.

    """
    added = [path for path in digests if path not in remote]
    differing = [path for path, digest in digests.items() if path in remote and not remote[path].has(digest)]
    in_the_way = [path for path in differing if path not in pushed and path not in (CARD, MANIFEST)]
    if in_the_way:
        hint = "rename it there, or push to another repository with --repo"
        shown = shorten(", ".join(in_the_way), 120)
        raise UserError(Fault(f"{repo} has {shown} already, which no push put there", hint=hint))
    deleted = [
        path for path, digest in pushed.items()
        if path not in digests and path in remote and remote[path].has(digest)
    ]  # fmt: skip
    untouched = set(remote) - set(digests) - set(deleted) - _HUBS_OWN
    return PushPlan(tuple(added), tuple(differing), tuple(deleted), tuple(sorted(untouched)))


def card_to_push(card: str, theirs: str, *, repo: str, replace: bool) -> str:
    """Return the card to push: the generated one, or the repository's card with the generated lines put into it.

    Raises:
        UserError: the repository's card was written by a person, has no marked lines, and `replace` is False.

    """
    head, body = _parted(card)
    generated = f"{BEGIN}\n\n{body.strip()}\n\n{END}"
    if replace or not theirs.strip():
        return f"{head}\n{generated}\n"
    their_head, their_body = _parted(theirs)
    earlier = _GENERATED.search(their_body)
    if earlier is None:
        hint = f"replace it with --replace-card, or add the lines `{_BEGIN}` and `{END}`, between which a push writes"
        raise UserError(Fault(f"the card of {repo} may contain text that a person wrote", hint=hint))
    new, old = _mapping_in(head), _mapping_in(their_head)
    tags = [tag for tag in _listed(old.get("tags")) if tag not in _listed(new.get("tags"))]
    extra = {key: value for key, value in old.items() if key not in new}
    if tags or extra:
        merged = {**new, **({"tags": [*_listed(new.get("tags")), *tags]} if tags else {}), **extra}
        head = f"---\n{yaml.safe_dump(merged, sort_keys=False, allow_unicode=True, width=10**6)}---\n"
    return head + their_body[: earlier.start()] + generated + their_body[earlier.end() :]


def _parted(card: str) -> tuple[str, str]:
    """Return a card's front matter and its body."""
    match = FRONT_MATTER.match(card)
    end = match.end() if match else 0
    return card[:end], card[end:]


def _mapping_in(head: str) -> dict[str, Any]:
    match = FRONT_MATTER.match(head)
    try:
        value = yaml.safe_load(match[3]) if match else None
    except yaml.YAMLError:
        return {}
    return value if isinstance(value, dict) else {}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
