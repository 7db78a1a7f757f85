from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from tests.conftest import LeftTheMachineError


@pytest.mark.parametrize("host", ["192.0.2.1", "example.org", "2001:db8::1"])
def test_a_connection_to_elsewhere_raises(host: str) -> None:
    with pytest.raises(LeftTheMachineError):
        socket.create_connection((host, 80), timeout=1)


def test_a_datagram_to_elsewhere_raises() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, pytest.raises(LeftTheMachineError):
        sender.sendto(b"?", ("192.0.2.1", 53))


def test_it_holds_in_threads() -> None:
    caught: list[BaseException] = []

    def reach() -> None:
        try:
            socket.create_connection(("192.0.2.1", 80), timeout=1)
        except LeftTheMachineError as error:
            caught.append(error)

    thread = threading.Thread(target=reach)
    thread.start()
    thread.join()
    assert len(caught) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_free(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((host, port), timeout=5) as connection:
            assert connection.getpeername()[1] == port


def test_unix_sockets_are_free(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with (
        socket.socket(socket.AF_UNIX) as server,
        socket.socket(socket.AF_UNIX) as client,
    ):
        server.bind(path)
        server.listen()
        client.connect(path)
        assert client.getpeername() == path
