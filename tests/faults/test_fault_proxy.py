"""The proxy does what it is told, and nothing else."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.faults.fault_proxy import FaultProxy, Proxies, proxies
from tests.support.servers.ports import free_port


class Echo:
    """A server on the proxies' own thread would hide its faults: this one answers on the test's."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(20)

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.socket.getsockname()[1])

    def taken(self) -> socket.socket:
        peer, _ = self.socket.accept()
        peer.settimeout(20)
        return peer


@pytest.fixture
def running() -> Iterator[Proxies]:
    with proxies() as made:
        yield made


@pytest.fixture
def echo() -> Iterator[Echo]:
    made = Echo()
    yield made
    made.socket.close()


@pytest.fixture
def proxy(running: Proxies, echo: Echo) -> FaultProxy:
    return running.open(("127.0.0.1", free_port()), echo.address)


def dialed(proxy: FaultProxy, patience: float = 20) -> socket.socket:
    assert not isinstance(proxy.at, Path)
    return socket.create_connection(proxy.at, patience)


def test_bytes_pass_both_ways(proxy: FaultProxy, echo: Echo) -> None:
    with dialed(proxy) as client, echo.taken() as server:
        client.sendall(b"to")
        assert server.recv(2) == b"to"
        server.sendall(b"fro")
        assert client.recv(3) == b"fro"


def test_a_reset_reaches_both_ends(proxy: FaultProxy, echo: Echo) -> None:
    with dialed(proxy) as client, echo.taken() as server:
        client.sendall(b"x")
        assert server.recv(1) == b"x"
        assert proxy.reset() == 1
        for end in (client, server):
            with pytest.raises(ConnectionResetError):
                end.recv(1)


def test_a_silenced_wire_stays_and_passes_nothing_even_when_healed(proxy: FaultProxy, echo: Echo) -> None:
    with dialed(proxy, 0.3) as client, echo.taken() as server:
        client.sendall(b"x")
        assert server.recv(1) == b"x"
        proxy.silence()
        client.sendall(b"lost")
        proxy.heal()
        with pytest.raises(ConnectionResetError):  # as keep-alive would tell the server
            server.recv(1)
        with pytest.raises(TimeoutError):  # the client is told nothing
            client.recv(1)


def test_a_connection_into_silence_is_taken_and_not_answered(proxy: FaultProxy) -> None:
    proxy.silence()
    with dialed(proxy, 0.3) as client, pytest.raises(TimeoutError):
        client.recv(1)


def test_after_healing_new_connections_work(proxy: FaultProxy, echo: Echo) -> None:
    proxy.silence()
    proxy.heal()
    with dialed(proxy) as client, echo.taken() as server:
        client.sendall(b"x")
        assert server.recv(1) == b"x"


def test_one_bit_of_one_piece_is_flipped(proxy: FaultProxy, echo: Echo) -> None:
    proxy.corrupt()
    with dialed(proxy) as client, echo.taken() as server:
        client.sendall(bytes(300))
        received = b""
        while len(received) < 300:
            received += server.recv(300)
        assert [byte for byte in received if byte] == [0x10]
        assert proxy.still_to_corrupt == 0


def test_a_fault_is_for_the_process_that_it_is_meant_for(proxy: FaultProxy, echo: Echo) -> None:
    with dialed(proxy) as client, echo.taken() as server:
        client.sendall(b"x")
        assert server.recv(1) == b"x"
        assert proxy.reset(lambda pid: pid == os.getppid()) == 0
        assert proxy.reset(lambda pid: pid == os.getpid()) == 1


def test_a_unix_socket_tells_its_process_too(running: Proxies, tmp_path: Path) -> None:
    behind = socket.socket(socket.AF_UNIX)
    behind.bind(str(tmp_path / "behind"))
    behind.listen()
    proxy = running.open(tmp_path / "before", tmp_path / "behind")
    with behind, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "before"))
        client.sendall(b"x")
        server, _ = behind.accept()
        with server:
            assert server.recv(1) == b"x"
            assert proxy.reset(lambda pid: pid == os.getpid()) == 1


def test_who_nobody_serves_is_hung_up_on(running: Proxies) -> None:
    proxy = running.open(("127.0.0.1", free_port()), ("127.0.0.1", free_port()))
    with pytest.raises(ConnectionResetError), dialed(proxy) as client:
        client.recv(1)
