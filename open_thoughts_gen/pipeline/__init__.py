"""The line that turns a recipe into the samples of its dataset."""

from open_thoughts_gen.pipeline.line import run_line as run_line
