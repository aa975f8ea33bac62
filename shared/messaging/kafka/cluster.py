"""A Kafka cluster: where it is, what its listener speaks, and what we show it.

    Cluster("kafka.example.org:9093", "SASL_SSL", ca_file=…, username="stairs", password_file=…)

Secrets are files. They are read for each new connection, so that a renewed one is used by the next; where
one cannot be read, or the cluster does not take it, the reason names the setting and never what is in it.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kafka.errors import KafkaConnectionError, KafkaError

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]

KNOCK = 2.0  # seconds for a port to answer, and as many for its TLS
_SOMEBODY_ELSES = (62, 64)  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and …_IP_ADDRESS_MISMATCH


class Refused(KafkaError):  # noqa: N818 - says what is so
    """The cluster is there, and we do not come in; the message is for operators and holds no secret."""

    def __str__(self) -> str:
        return str(self.args[0])  # without the name of the class that kafka-python puts before it


class Unusable(Refused, ValueError):  # noqa: N818 - says what is so
    """A file of ours cannot be used; nothing of it is repeated."""


class Secret(str):
    """A text that no log shows: kafka-python logs its settings."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


@dataclass(frozen=True)
class Cluster:
    """What it takes to come in; a bare address stands for a cluster that asks for nothing."""

    servers: str  # host:port, with commas in between
    protocol: SecurityProtocol = "PLAINTEXT"
    ca_file: Path | None = None  # None: what this machine trusts
    cert_file: Path | None = None
    key_file: Path | None = None
    mechanism: Mechanism = "SCRAM-SHA-512"
    username: str | None = None
    password_file: Path | None = None

    @classmethod
    def at(cls, bootstrap: At) -> Cluster:
        """The cluster that is meant."""
        return bootstrap if isinstance(bootstrap, cls) else cls(str(bootstrap))

    @property
    def addresses(self) -> list[str]:
        """Each ``host:port``."""
        return [address.strip() for address in self.servers.split(",")]

    def tls(self) -> ssl.SSLContext | None:
        """How to speak TLS to it, or None where it speaks none.

        :raises Unusable: a file of certificates, or the key, cannot be used.
        """
        if not speaks_tls(self.protocol):
            return None
        context = trusting(self.ca_file)
        if self.cert_file is not None and self.key_file is not None:
            show(context, self.cert_file, self.key_file)
        return context

    def login(self) -> dict[str, str]:
        """Mechanism, name and password as kafka-python calls them; empty where nobody logs in.

        :raises Unusable: the password cannot be read.
        """
        if not asks_for_login(self.protocol) or self.username is None or self.password_file is None:
            return {}
        return {
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.username,
            "sasl_plain_password": password_in(self.password_file),
        }


At = Cluster | str


def speaks_tls(protocol: str) -> bool:
    """Whether what goes over the wire is encrypted, and the broker shows a certificate."""
    return protocol in ("SSL", "SASL_SSL")


def asks_for_login(protocol: str) -> bool:
    """Whether a name and a password are asked for."""
    return protocol.startswith("SASL_")


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or newer to a host whose certificate is checked, its name included.

    :raises Unusable: the file is not there, or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError:  # ssl's errors are of its kind
        raise Unusable(f"{ca_file}: not a readable file with certificates in PEM") from None


def show(context: ssl.SSLContext, cert_file: Path, key_file: Path) -> None:
    """Have a certificate of ours to show when the broker asks for one.

    :raises Unusable: they cannot be read, do not belong together, or the key asks for a password.
    """
    try:  # without a password given, OpenSSL would ask for one on the terminal, and wait
        context.load_cert_chain(cert_file, key_file, password="")
    except (OSError, ValueError):
        raise Unusable(f"{key_file}: not the readable, unencrypted key in PEM of {cert_file}") from None


def password_in(file: Path) -> Secret:
    """What the file holds, without the end of its line.

    :raises Unusable: it is not there, or empty.
    """
    try:
        password = file.read_text("utf-8").rstrip("\r\n")
    except (OSError, ValueError):
        raise Unusable(f"{file}: not a readable file with a password") from None
    if not password:
        raise Unusable(f"{file}: is empty")
    return Secret(password)


def why(error: Exception) -> str:
    """A reason for a log or an operator: in words where we know, else by the error's name."""
    return str(error) if isinstance(error, Refused) else type(error).__name__


def knock(bootstrap: At) -> None:
    """See that at least one of the addresses answers, and speaks TLS where it should.

    :raises Refused: one answers, and its certificate is not to be trusted, or it speaks no TLS.
    :raises KafkaConnectionError: none does.
    """
    cluster = Cluster.at(bootstrap)
    context, refused = cluster.tls(), None
    for address in cluster.addresses:
        host, _, port = address.rpartition(":")
        try:
            with _line(host.strip("[]"), int(port), context):
                return
        except Refused as reason:
            refused = reason
        except OSError:
            continue
    raise refused or KafkaConnectionError(f"no broker answers at {cluster.servers}")


@contextlib.contextmanager
def _line(host: str, port: int, context: ssl.SSLContext | None) -> Iterator[None]:
    with socket.create_connection((host, port), KNOCK) as line:
        if context is not None:
            _greet(line, host, context)
        yield


def _greet(line: socket.socket, host: str, context: ssl.SSLContext) -> None:
    try:
        context.wrap_socket(line, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        raise Refused(untrusted(error)) from None
    except OSError:  # it hangs up, says something else, or nothing
        raise Refused(
            "the broker speaks no TLS there: KAFKA_SECURITY_PROTOCOL is not its listener's"
        ) from None


def untrusted(error: ssl.SSLCertVerificationError) -> str:
    """Why the broker's certificate is not to be trusted, and what to do; no address."""
    if error.verify_code in _SOMEBODY_ELSES:
        return (
            "the broker's certificate is another host's: KAFKA_BOOTSTRAP_SERVERS must name the host it is for"
        )
    wrong = error.verify_message
    return f"the broker's certificate is not trusted ({wrong}): KAFKA_CA_FILE must hold its issuer"
