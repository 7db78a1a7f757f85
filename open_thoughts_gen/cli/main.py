"""Run one command of the command line, and turn how it ended into an exit code.

`--help` answers at once: what a command needs is imported when the command runs. A user's mistake is one line per fault
on standard error and exit code 2; a bug shows its traceback. A run that ends with fewer samples than its target exits
with 3. The first Ctrl-C waits for calls that are already sent, the second does not; after it, as after `kill -9`, the
same command continues from the cache.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence

from open_thoughts_gen.cli import (
    ablate,
    cache,
    cassette,
    challenge,
    check,
    compare,
    contamination,
    diff,
    doctor,
    estimate,
    evaluate,
    explain,
    export,
    init,
    list,
    preview,
    pull,
    push,
    rebuild,
    rewards,
    run,
    schema,
    solve,
    verify,
    view,
)
from open_thoughts_gen.cli.program import (
    EXIT_BROKEN_PIPE,
    EXIT_INTERRUPTED,
    EXIT_USER_ERROR,
    PROGRAM,
    Command,
    Parser,
    add_commands,
    unknown_words,
)

COMMANDS = (
    init.COMMAND,
    run.COMMAND,
    check.COMMAND,
    preview.COMMAND,
    estimate.COMMAND,
    cassette.COMMAND,
    list.COMMAND,
    ablate.COMMAND,
    explain.COMMAND,
    diff.COMMAND,
    view.COMMAND,
    doctor.COMMAND,
    push.COMMAND,
    pull.COMMAND,
    rebuild.COMMAND,
    verify.COMMAND,
    compare.COMMAND,
    evaluate.COMMAND,
    rewards.COMMAND,
    export.COMMAND,
    solve.COMMAND,
    challenge.COMMAND,
    schema.COMMAND,
    cache.COMMAND,
    contamination.COMMAND,
)
_DESCRIPTION = (
    "Make a synthetic reasoning dataset from one YAML file, the recipe. A source supplies questions: prompts, often "
    "with a reference answer. The teacher, a language model, answers them; an answer with its reasoning is a trace. "
    "Verifiers judge whether a trace is right; each judgement is a verdict. A question with one trace and its verdicts "
    "is a sample. Sources, teachers, verifiers and filters are plug-ins, which `list` shows. A run writes the samples "
    "to its run folder."
)
_CLEARS_UP = "ignore:resource_tracker:UserWarning"  # what Ctrl-C leaves of the workers, Python clears up by itself
_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the shell has closed it, by `>&-`
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))
    if "google.colab" in sys.modules:
        from open_thoughts_gen.cli.colab import export_secrets

        export_secrets(os.environ)
    if argv is None:  # this process is here for nothing else
        sys.warnoptions.append(_CLEARS_UP)
    try:
        return _run_command(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        if argv is None:  # one more Ctrl-C ends it, and quietly
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        sys.stderr.write("interrupted; run the same command again to continue: all answers so far are stored\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return EXIT_BROKEN_PIPE
    except OSError as error:
        if error.filename is not None or error.errno not in _DISK_IS_FULL:
            raise
        _discard_output()
        sys.stderr.write(f"the output cannot be written: {error.strerror}; free some space, or write it elsewhere\n")
        return EXIT_USER_ERROR


def _run_command(argv: Sequence[str]) -> int:
    from open_thoughts_gen.errors import UserError
    from open_thoughts_gen.version import VERSION

    parser = Parser(
        prog="open_thoughts_gen", description=_DESCRIPTION, epilog=f"{PROGRAM} COMMAND --help explains one command."
    )
    parser.add_argument("--version", action="version", version=VERSION)
    words = contamination.with_default_action(argv)
    add_commands(parser, COMMANDS, title="command", destination="command", words=words)
    try:
        arguments, unknown = parser.parse_known_args(words)
        if unknown:
            arguments.parser.error(unknown_words(arguments.parser, unknown))
    except SystemExit:  # raised by `--help`, which is output too
        sys.stdout.flush()
        raise
    command: Command = arguments.command
    try:
        code = command.run(arguments)
    except UserError as error:
        from open_thoughts_gen.cli.terminal import clean

        sys.stdout.flush()
        for fault in error.faults:
            sys.stderr.write(f"{clean(str(fault))}\n")
        return EXIT_USER_ERROR
    sys.stdout.flush()
    return code


def _discard_output() -> None:
    """Discard what is left in the buffer: the interpreter would try to write it again when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
