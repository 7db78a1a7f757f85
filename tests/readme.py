"""Keeps the README true: its two commands, and the blocks of output in it, which are made by running what they show.

    python tests/readme.py command 1    print the first set-up command (2: the second)
    python tests/readme.py write        run every command whose output the README shows, and write it in anew
    python tests/readme.py write docs/nemotron.md      the same for another page (minutes)

A block of output follows a comment that names its command: `<!-- output: python -m open_thoughts_gen --help -->`.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
COMMAND = re.compile(r"<!-- command (\d) -->\n```sh\n(.*?)\n```", re.DOTALL)
OUTPUT = re.compile(r"(<!-- output: (.*?) -->\n```\w*\n)(.*?)(```)", re.DOTALL)
ROW = re.compile(r"(<!-- row -->\n).*?(<!-- /row -->)", re.DOTALL)


def command(number: int) -> str:
    """Return one of the two set-up commands."""
    commands: dict[str, str] = dict(COMMAND.findall(README.read_text("utf-8")))
    return commands[str(number)]


def output(shown: str) -> str:
    """Run a command that the README shows and return what it prints, as on a screen of 100 columns."""
    words = shlex.split(shown)
    if words[0] == "python":
        words[0] = sys.executable
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return "\n".join(line.rstrip() for line in (ran.stdout + ran.stderr).strip().splitlines())


def row() -> str:
    """Return the row that the card of `legal` shows first, folded away."""
    card = (ROOT / "cards" / "legal.md").read_text("utf-8")
    return "<details>" + card.partition("<details>")[2].partition("</details>")[0] + "</details>"


def renewed(text: str, run: Callable[[str], str] = output) -> str:
    """Return the README with the row and every block of output made anew."""
    text = ROW.sub(lambda block: f"{block[1]}{row()}\n{block[2]}", text)
    return OUTPUT.sub(lambda block: f"{block[1]}{run(block[2])}\n{block[4]}", text)


if __name__ == "__main__":
    if sys.argv[1] == "command":
        sys.stdout.write(command(int(sys.argv[2])) + "\n")
    else:
        page = Path(sys.argv[2]) if len(sys.argv) > 2 else README
        page.write_text(renewed(page.read_text("utf-8")), "utf-8")
