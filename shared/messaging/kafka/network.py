"""The network half of a kafka-python client, which says why it is not let in and leaves nothing behind.

A client of 3.0.12 keeps the reason of a failed login to its log, tries again until its time is over, and
then only knows that time is over; here the first such reason ends the attempt. It throws an answer away when
the broker hangs up right behind it, as it does behind "wrong password". And it waits for ever for a broker
that takes a connection and says nothing to the TLS greeting.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from kafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import create_connection
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport

from shared.messaging.kafka.cluster import At, Cluster, Refused, knock

GREETING = 3_000  # milliseconds to agree on TLS


class _HeardOut:
    """Brings what was read first, and the end behind it the next time."""

    def _sock_recv(self) -> tuple[bytes, KafkaError | None]:
        data, end = super()._sock_recv()  # type: ignore[misc]  # the transport's; the stubs leave it out
        return data, None if data else end


class _Plain(_HeardOut, KafkaTCPTransport):
    pass


class _Encrypted(_HeardOut, KafkaSSLTransport):
    pass


class _Manager(KafkaConnectionManager):
    """Remembers why a connection was refused, and makes no other for as long as a client is being opened."""

    _net: Any  # the stubs leave it out
    refused: Refused | None = None
    opening = True

    def get_connection(self, node_id: Any, *details: Any, **options: Any) -> Any:  # noqa: ANN401 - as the library has it
        if self.refused is not None and self.opening:
            raise self.refused
        connection = super().get_connection(node_id, *details, **options)
        connection.init_future.add_errback(self._note)
        return connection

    async def _build_transport(self, node: Any, timeout_at: float | None = None) -> KafkaTCPTransport:  # noqa: ANN401
        connect: Any = create_connection
        to = (node.host, node.port, self.config["socket_options"])
        transport = self._transport(await connect(self._net, *to, timeout_at=timeout_at), node.host)
        wait_for: Any = self.wait_for
        try:
            await wait_for(self.call_soon(transport.handshake), GREETING)
        except Exception as error:
            transport.abort(error)
            raise KafkaConnectionError(f"Handshake failed: {error}") from error
        return transport

    def _transport(self, line: object, host: str) -> KafkaTCPTransport:
        context = self.config["ssl_context"]
        if context is None:
            return _Plain(self._net, line, host=host)
        return _Encrypted(self._net, line, host=host, ssl_context=context)

    def _note(self, error: Exception) -> None:
        words = _refusal(error)
        if words is not None:
            self.refused = Refused(words)


def _refusal(error: Exception) -> str | None:
    """What the cluster has against us, or None where it may only be away."""
    if isinstance(error, SaslAuthenticationFailedError):
        return (
            "the cluster refuses the name of KAFKA_SASL_USERNAME or the password of KAFKA_SASL_PASSWORD_FILE"
        )
    if isinstance(error, UnsupportedSaslMechanismError):
        return "the cluster does not offer this KAFKA_SASL_MECHANISM"
    if isinstance(error, IllegalSaslStateError):
        return "the cluster asks for no login there: KAFKA_SECURITY_PROTOCOL is not its listener's"
    words = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in words:  # of a broker that the first one named
        return (
            "the certificate of a broker is not trusted: KAFKA_CA_FILE must hold its issuer, and it its host"
        )
    if "_ALERT_" in words:
        return "the broker does not take our certificate: see KAFKA_CERT_FILE and KAFKA_KEY_FILE"
    return None


@contextlib.contextmanager
def access(bootstrap: At) -> Iterator[dict[str, Any]]:
    """The settings with which a client of kafka-python reaches the cluster, while it is being opened.

    Only where a port answers, and what a failed client left is closed: it would keep its network thread and
    its file descriptors for ever.

    :raises Refused: we are not let in.
    :raises KafkaConnectionError: no broker answers.
    """
    cluster = Cluster.at(bootstrap)
    settings: dict[str, Any] = {"bootstrap_servers": cluster.addresses, "security_protocol": cluster.protocol}
    settings |= {"ssl_context": cluster.tls(), **cluster.login()}
    knock(cluster)
    made: list[tuple[KafkaNetClient, _Manager]] = []

    def make(**configured: Any) -> KafkaNetClient:  # noqa: ANN401 - as the library has it
        net = NetworkSelector(**configured)
        manager = _Manager(net, **configured)
        made.append((KafkaNetClient(net, manager, **configured), manager))
        return made[-1][0]

    try:
        yield settings | {"kafka_client": make}
    except BaseException:
        for client, _ in made:
            client.close()
        raise
    for _, manager in made:
        manager.opening = False
