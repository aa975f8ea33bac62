"""Encrypted and authenticated ways to a real cluster, and what is said where one is closed to us."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from shared.messaging.kafka import network
from shared.messaging.kafka.client import KafkaTimeoutError, open_consumer, open_producer
from shared.messaging.kafka.cluster import Cluster, Refused
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.kafka.readiness import BrokerCheck
from shared.messaging.publishing.relay import Relay
from tests.support.eventually import eventually
from tests.support.logbooks.chronicle import SOURCE, outbound
from tests.support.logbooks.event_store import EventStore
from tests.support.messaging.carriers import written
from tests.support.messaging.readers import Readers
from tests.support.messaging.relay_house import House, house_on
from tests.support.servers.certificates import Authority
from tests.support.servers.kafka import new_name
from tests.support.servers.secured_broker import PASSWORD, SESSION, Secured

DECK = uuid4()
WRONG = "Tr0ub4dor&3"
PROMPTLY = 8.0  # seconds: a client's bootstrap takes five at most
Door = Callable[[Secured], Cluster]
EVENTS = ("relay_waits", "broker_unreachable")


@pytest.fixture
async def house(event_store: EventStore, secured_kafka: Secured) -> AsyncIterator[House]:
    async with house_on(event_store, secured_kafka.plain) as house:
        yield house


@pytest.fixture
def readers(event_store: EventStore) -> Readers:
    return Readers(event_store)


def relay(house: House, cluster: Cluster) -> Relay:
    return Relay(SOURCE, house.topic, house.tail, outbound, cluster, house.engine)


def a_feed(house: House, cluster: Cluster) -> KafkaFeed:
    return KafkaFeed(cluster, [house.topic], f"readers-{house.topic}", house.engine)


@pytest.mark.parametrize(
    "door",
    [
        pytest.param(lambda secured: secured.by("SCRAM-SHA-512"), id="SASL_SSL by SCRAM-SHA-512"),
        pytest.param(lambda secured: secured.by("SCRAM-SHA-256"), id="SASL_SSL by SCRAM-SHA-256"),
        pytest.param(lambda secured: secured.by("PLAIN"), id="SASL_SSL by PLAIN"),
        pytest.param(lambda secured: secured.ssl, id="SSL by a certificate of ours"),
        pytest.param(lambda secured: secured.sasl_plaintext, id="SASL_PLAINTEXT by SCRAM-SHA-512"),
    ],
)
async def test_what_a_relay_publishes_a_consumer_reads_by_every_door(
    house: House, readers: Readers, secured_kafka: Secured, door: Door
) -> None:
    cluster = door(secured_kafka)
    assert await BrokerCheck(cluster)() is None
    await written(house.store, DECK, "first", "second")
    async with house.relaying(relay(house, cluster)), readers.following(a_feed(house, cluster)):
        await eventually(lambda: readers.have_read("first", "second"))
    assert await house.published() == ["first", "second"]


async def test_a_connection_that_stays_logs_in_again_when_its_session_is_over(
    house: House, readers: Readers, secured_kafka: Secured
) -> None:
    cluster, began = secured_kafka.sasl_ssl, time.monotonic()

    async def over() -> bool:
        return time.monotonic() - began > 2 * SESSION

    async with house.relaying(relay(house, cluster)), readers.following(a_feed(house, cluster)):
        await written(house.store, DECK, "first")
        await eventually(lambda: readers.have_read("first"))
        await eventually(over)
        await written(house.store, DECK, "second")
        await eventually(lambda: readers.have_read("first", "second"))


async def test_a_wrong_password_is_said_once_by_relay_and_consumer_and_mended_without_a_new_start(
    house: House, readers: Readers, secured_kafka: Secured, log: io.StringIO
) -> None:
    password = secured_kafka.file(new_name("password"), WRONG)
    cluster = replace(secured_kafka.sasl_ssl, password_file=password)

    async def both_have_said_so() -> bool:
        said = [line for line in log.getvalue().splitlines() if REFUSED in line]
        return all(any(event in line for line in said) for event in EVENTS)

    await written(house.store, DECK, "first")
    async with house.relaying(relay(house, cluster)), readers.following(a_feed(house, cluster)):
        await eventually(both_have_said_so)
        password.write_text(PASSWORD)
        await eventually(lambda: readers.have_read("first"), within=30)
    assert [log.getvalue().count(event) for event in EVENTS] == [1, 1]
    assert WRONG not in log.getvalue()
    assert PASSWORD not in log.getvalue()


REFUSED = "the cluster refuses the name of KAFKA_SASL_USERNAME or the password of KAFKA_SASL_PASSWORD_FILE"
ANOTHER_CLUSTERS = "KAFKA_SECURITY_PROTOCOL is not its listener's"
NOT_OURS = "the broker does not take our certificate: see KAFKA_CERT_FILE and KAFKA_KEY_FILE"


def with_a_wrong_password(secured: Secured) -> Cluster:
    return replace(secured.sasl_ssl, password_file=secured.file(new_name("password"), WRONG))


def as_plain_with_a_wrong_password(secured: Secured) -> Cluster:
    return replace(with_a_wrong_password(secured), mechanism="PLAIN")


def without_a_password_file(secured: Secured) -> Cluster:
    return replace(secured.sasl_ssl, password_file=secured.folder / "nowhere")


def trusting_another_authority(secured: Secured) -> Cluster:
    return replace(secured.sasl_ssl, ca_file=Authority(secured.folder / new_name("other")).file)


def with_another_authoritys_certificate(secured: Secured) -> Cluster:
    cert_file, key_file = Authority(secured.folder / new_name("other")).issue("client")
    return replace(secured.ssl, cert_file=cert_file, key_file=key_file)


def by_another_name_of_the_host(secured: Secured) -> Cluster:
    return replace(secured.ssl, servers=secured.ssl.servers.replace("localhost", "127.0.0.1"))


CLOSED = [
    (with_a_wrong_password, REFUSED),
    (as_plain_with_a_wrong_password, REFUSED),
    (lambda secured: replace(secured.sasl_ssl, username="nobody"), REFUSED),
    (without_a_password_file, "not a readable file with a password"),
    (lambda secured: replace(secured.sasl_plaintext, mechanism="SCRAM-SHA-256"), "KAFKA_SASL_MECHANISM"),
    (trusting_another_authority, "KAFKA_CA_FILE must hold its issuer"),
    (lambda secured: replace(secured.sasl_ssl, ca_file=None), "KAFKA_CA_FILE must hold its issuer"),
    (by_another_name_of_the_host, "KAFKA_BOOTSTRAP_SERVERS must name the host it is for"),
    (with_another_authoritys_certificate, NOT_OURS),
    (lambda secured: replace(secured.ssl, cert_file=None, key_file=None), NOT_OURS),
    (lambda secured: replace(secured.ssl, servers=secured.plain), ANOTHER_CLUSTERS),
    (lambda secured: replace(secured.sasl_plaintext, servers=secured.plain), ANOTHER_CLUSTERS),
]


@pytest.mark.parametrize(("door", "reason"), CLOSED)
async def test_a_closed_door_is_one_reason_that_names_the_setting_and_no_secret(
    secured_kafka: Secured, door: Door, reason: str
) -> None:
    cluster = door(secured_kafka)
    found = await BrokerCheck(cluster)()
    assert found is not None
    assert reason in found
    assert WRONG not in found
    for client in (open_producer, lambda at, name: open_consumer(at, name, new_name("group"))):
        with pytest.raises(Refused, match=reason):
            client(cluster, "tests")


@pytest.mark.parametrize("door", [lambda s: s.ssl, lambda s: s.sasl_plaintext], ids=["TLS", "SASL"])
async def test_a_cluster_that_we_do_not_know_to_be_secured_is_a_reason_that_says_where_to_look(
    secured_kafka: Secured, door: Door
) -> None:
    check = BrokerCheck(door(secured_kafka).servers)

    async def told() -> bool:
        return "see KAFKA_SECURITY_PROTOCOL" in (await check() or "")

    assert "no answer" in (await check() or "")
    await eventually(told, within=PROMPTLY)


def test_a_port_that_says_nothing_to_the_tls_greeting_keeps_nobody(
    secured_kafka: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cluster = replace(secured_kafka.ssl, servers=f"127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(Refused, match="speaks no TLS"):
            open_consumer(cluster, "tests", None)
        monkeypatch.setattr(network, "knock", lambda _cluster: None)  # silent from the next greeting on
        with pytest.raises(KafkaTimeoutError):
            open_consumer(cluster, "tests", None)
        assert time.monotonic() - began < 2 * PROMPTLY
