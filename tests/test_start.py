"""What a run imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUN = """
import sys
from open_thoughts_gen.cli.main import main
code = main()
print(sorted({"pandas", "datasets", "torch", "polars"} & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


def test_a_run_imports_no_library_of_tables_but_arrow(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, "run", "recipes/legal.yaml", "--target", "3", "--out", str(tmp_path / "run")]
    command += ["--cache", str(tmp_path / "cache.sqlite")]
    ran = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "[]"


STARTED = """
import sys
from open_thoughts_gen.cli.main import main
commands = []
sys.addaudithook(lambda event, details: commands.append(details[1]) if event == "subprocess.Popen" else None)
code = main()
print(commands, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone")
def test_a_run_of_three_rows_is_proved_without_another_interpreter(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTED, "run", "recipes/legal.yaml", "--target", "3"]
    command += ["--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache.sqlite")]
    ran = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "[]"


def test_looking_at_the_program_imports_no_figures() -> None:
    code = "import sys, open_thoughts_gen.publish.folder; print('matplotlib' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
