"""A problem depends on its seed alone: not on the order of a set, which is another in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.families.digests import digests

ROOT = Path(__file__).parents[2]


def test_every_scheme_draws_the_same_in_another_process() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.families.digests"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    elsewhere = dict(line.split() for line in ran.stdout.splitlines())
    assert elsewhere == digests()
