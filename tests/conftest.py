"""What holds for every test: no socket leaves this machine, and property tests draw the same examples every time.

The guard is an audit hook, so it sees every socket that Python code of this process opens, through whichever library
and in whichever thread, and nothing has to be patched. Loopback and Unix sockets are free: the tests' own servers live
there. It does not see child processes.

Ctrl-C works in every test: whoever starts the tests may ignore SIGINT, as a job in the background does, and a test that
interrupts itself would then wait for ever. A test that leaves another handler behind fails.
"""

from __future__ import annotations

import ipaddress
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def ctrl_c() -> Iterator[None]:
    """Fail a test that leaves Ctrl-C without effect on those after it."""
    yield
    left = signal.signal(signal.SIGINT, signal.default_int_handler)
    assert left is signal.default_int_handler, f"the test left {left!r} as the handler of SIGINT"


GUARDED = {"socket.connect", "socket.sendto", "socket.sendmsg"}


class LeftTheMachineError(RuntimeError):
    """A test tried to reach something other than loopback."""


def is_local(host: object) -> bool:
    """Tell whether a host is this machine itself."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "localhost")
    if name in ("localhost", "localhost.", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback or address.is_unspecified)


def guard(event: str, args: tuple[Any, ...]) -> None:
    """Refuse what would leave the machine: connections, datagrams, and look-ups of names."""
    if event in GUARDED:
        connection, address = args
        if connection.family in (socket.AF_INET, socket.AF_INET6) and address and not is_local(address[0]):
            raise LeftTheMachineError(f"a test tried to reach {address!r}; only loopback is allowed")
    elif event == "socket.getaddrinfo" and not is_local(args[0]):
        raise LeftTheMachineError(f"a test tried to look up {args[0]!r}; only loopback is allowed")


sys.addaudithook(guard)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, but for those that say which tests they belong to."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
