"""What runs in the sandbox beside the warm interpreter: copies of values, a program that is called, tests that call.

The folder is mounted into the sandbox and imported there by a bare Python, so it needs the standard library alone, and
its modules import each other by their bare names.
"""
