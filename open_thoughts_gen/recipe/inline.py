"""One part of a recipe on one line, as in an option of the command line: `math`, `math:{timeout_s: 2}`."""

from __future__ import annotations

import json
import os

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Kind
from open_thoughts_gen.recipe.node import Node
from open_thoughts_gen.recipe.parts import Part, build_part
from open_thoughts_gen.recipe.secrets import mark_secrets
from open_thoughts_gen.recipe.variables import fill
from open_thoughts_gen.recipe.yaml_lines import read


def read_part(text: str, kind: Kind, *, where: str) -> Part:
    """Return the part that a line writes: a name, or `NAME:{...}` with settings as YAML has them in braces.

    Raises:
        UserError: every fault, each at `where`.

    """
    name, braces, settings = text.partition(":{")
    root, faults = read(f"{{use: {json.dumps(name)}, {settings}" if braces else json.dumps(name), where)
    root, more = fill((root or Node(None, where)).titled("", where), os.environ)
    faults += more
    root, secrets, _ = mark_secrets(root, may_hold=())
    built = build_part(root, kind, secrets)
    faults += built.faults
    if faults:
        raise UserError(*map((secrets | built.secrets).hidden, faults))
    return built.part
