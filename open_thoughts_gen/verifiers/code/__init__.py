"""Judge programs by running them against tests, in a sandbox."""

from open_thoughts_gen.verifiers.code.verifier import Code as Code
