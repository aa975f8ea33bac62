"""An Apache Kafka that lets nobody in unasked: SASL_SSL, SSL with client certificates, SASL_PLAINTEXT."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from deploy.kafka.broker import Broker
from shared.messaging.kafka.client import open_admin
from shared.messaging.kafka.cluster import Cluster, Mechanism
from tests.support.servers.certificates import Authority
from tests.support.servers.kafka import local_reason
from tests.support.servers.ports import free_port
from tests.support.servers.requirements import unavailable

USER, PASSWORD = "stairs", "correct horse battery"
SESSION = 2.0  # seconds after which SASL_SSL wants a login again, on a connection that stays
_LOGINS = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class Secured:
    """Its doors, each with all that it takes to come in; ``plain`` is for the test alone."""

    plain: str
    sasl_ssl: Cluster
    ssl: Cluster
    sasl_plaintext: Cluster
    folder: Path
    authority: Authority

    def by(self, mechanism: Mechanism) -> Cluster:
        """The SASL_SSL door with this way to log in."""
        return replace(self.sasl_ssl, mechanism=mechanism)

    def file(self, name: str, text: str) -> Path:
        """A file of the test's own."""
        path = self.folder / name
        path.write_text(text)
        return path


@pytest.fixture(scope="session")
def secured_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """One for all tests: they bring topics and groups of their own."""
    with secured_broker(tmp_path_factory.mktemp("secured")) as secured:
        yield secured


@contextmanager
def secured_broker(folder: Path) -> Iterator[Secured]:
    """Started, and stopped at the end."""
    reason = local_reason()
    if reason is not None:
        unavailable("kafka", [reason])
    authority = Authority(folder / "authority")
    port, controller, sasl_ssl, ssl, sasl = (free_port() for _ in range(5))
    doors = {"PLAINTEXT": port, "SASL_SSL": sasl_ssl, "SSL": ssl, "SASL_PLAINTEXT": sasl}
    broker = Broker(folder / "kafka", port, controller, more=_properties(authority, controller, doors))
    broker.start()
    try:
        _let_in(broker.bootstrap, USER, PASSWORD)
        yield _doors(broker.bootstrap, doors, folder, authority)
    finally:
        broker.kill()


def _doors(plain: str, ports: dict[str, int], folder: Path, authority: Authority) -> Secured:
    password_file = folder / "password"
    password_file.write_text(f"{PASSWORD}\n")
    cert_file, key_file = authority.issue("client")
    login = Cluster(
        f"localhost:{ports['SASL_SSL']}",
        "SASL_SSL",
        ca_file=authority.file,
        username=USER,
        password_file=password_file,
    )
    certified = Cluster(
        f"localhost:{ports['SSL']}", "SSL", ca_file=authority.file, cert_file=cert_file, key_file=key_file
    )
    unencrypted = replace(
        login, servers=f"localhost:{ports['SASL_PLAINTEXT']}", protocol="SASL_PLAINTEXT", ca_file=None
    )
    return Secured(plain, login, certified, unencrypted, folder, authority)


def _properties(authority: Authority, controller: int, doors: dict[str, int]) -> dict[str, str]:
    cert_file, key_file = authority.issue("broker", "localhost")
    pem = authority.file.parent / "broker-store.pem"
    pem.write_text(key_file.read_text() + cert_file.read_text())
    listeners = [f"{door}://127.0.0.1:{port}" for door, port in doors.items()]
    told = [f"{door}://localhost:{port}" for door, port in doors.items()]
    scram = f"{_LOGINS}.scram.ScramLoginModule required;"
    plain = f'{_LOGINS}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    return {
        "listeners": ",".join([*listeners, f"CONTROLLER://127.0.0.1:{controller}"]),
        "advertised.listeners": ",".join(told),
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT," + ",".join(f"{d}:{d}" for d in doors),
        "inter.broker.listener.name": "PLAINTEXT",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(pem),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.file),
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_ssl.sasl.enabled.mechanisms": "SCRAM-SHA-512,SCRAM-SHA-256,PLAIN",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
        "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": scram,
        "listener.name.sasl_ssl.plain.sasl.jaas.config": plain,
        "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": scram,
        "listener.name.sasl_ssl.connections.max.reauth.ms": str(int(SESSION * 1000)),
    }


def _let_in(bootstrap: str, user: str, password: str) -> None:
    with open_admin(bootstrap) as admin:
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            wanted = UserScramCredentialUpsertion(user, mechanism, password)
            assert admin.alter_user_scram_credentials([wanted]) == {user: None}
