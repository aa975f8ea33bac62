from __future__ import annotations

from shared.messaging.kafka.readiness import BrokerCheck


async def test_a_cluster_that_answers_is_usable(kafka_bootstrap: str) -> None:
    assert await BrokerCheck(kafka_bootstrap)() is None


async def test_a_cluster_that_is_away_is_a_reason_without_an_address() -> None:
    assert (
        await BrokerCheck("127.0.0.1:1")()
        == "no cluster answers at KAFKA_BOOTSTRAP_SERVERS (KafkaConnectionError)"
    )


async def test_the_cluster_is_not_asked_for_every_question(kafka_bootstrap: str) -> None:
    check = BrokerCheck(kafka_bootstrap)
    await check()
    check._bootstrap = "127.0.0.1:1"
    assert await check() is None
