"""The command line. Each command has a file of its name, which declares its arguments and runs it."""

from open_thoughts_gen.cli.main import main as main
