"""The command `schema`: the JSON schema of recipes."""

from __future__ import annotations

import argparse
import json
import sys

from open_thoughts_gen.cli.program import Command


def add_arguments(_: argparse.ArgumentParser) -> None:
    """Take none."""


def run(_: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.recipe import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
    return 0


COMMAND = Command("schema", "Print the JSON schema of recipes, for completion in editors.", add_arguments, run)
