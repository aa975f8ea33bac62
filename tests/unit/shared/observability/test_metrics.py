from __future__ import annotations

from shared.observability import metrics


def test_asking_twice_gives_the_same_metric() -> None:
    one = metrics.counter("test_things", "Things.", ("kind",))
    assert metrics.counter("test_things", "Things.", ("kind",)) is one


def test_what_was_measured_is_exposed() -> None:
    metrics.gauge("test_lag_seconds", "How far behind.").set(2.5)
    metrics.histogram("test_wait_seconds", "How long.").observe(0.2)
    text = metrics.exposition().decode()
    assert "stairs_test_lag_seconds 2.5" in text
    assert 'stairs_test_wait_seconds_bucket{le="0.25"} 1.0' in text
    assert "process_resident_memory_bytes" in text
