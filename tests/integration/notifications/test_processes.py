"""The service as its supervisor sees it: ready, behind, or wrongly set up."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.support.eventually import eventually
from tests.support.http.tokens import AUDITOR, bearer
from tests.support.notifications.process import processes
from tests.support.servers.ports import free_port


async def test_the_api_is_ready_answers_and_ends_well(database: str, tmp_path: Path) -> None:
    async with processes(database, 1, tmp_path) as service:
        base = f"http://127.0.0.1:{service.environment['NOTIFICATIONS_PORT']}"
        async with service.running("api") as api, httpx.AsyncClient(base_url=base) as http:

            async def ready() -> bool:
                try:
                    return (await http.get("/readyz")).status_code == 200
                except httpx.TransportError as error:
                    raise AssertionError("not listening yet") from error

            await eventually(ready, within=30)
            listed = await http.get("/v1/notifications", headers=bearer(AUDITOR))
            assert listed.json() == {"items": [], "next_cursor": None}
        assert api.returncode == 0


async def test_a_relay_apart_tells_how_far_it_is_behind_while_its_broker_is_away(
    database: str, tmp_path: Path
) -> None:
    async with processes(database, 1, tmp_path) as service:
        port = free_port()
        apart = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}", "WORKER_HEALTH_PORT": str(port)}
        service.environment.update(apart)
        base = f"http://127.0.0.1:{port}"
        async with service.running("relay") as relay, httpx.AsyncClient(base_url=base, timeout=30) as http:

            async def measured() -> bool:
                try:
                    return (
                        'stairs_relay_lag{source="/notifications"} 0.0' in (await http.get("/metrics")).text
                    )
                except httpx.TransportError as error:
                    raise AssertionError("not listening yet") from error

            await eventually(measured, within=60)
            ready = await http.get("/readyz")
        assert relay.returncode == 0
    assert (ready.status_code, set(ready.json()["reasons"])) == (503, {"broker"})
    assert ready.json()["lags"]["relay_lag"] == {"/notifications": 0}


async def test_wrong_settings_end_a_process_at_once_and_in_words(database: str, tmp_path: Path) -> None:
    async with processes(database, 1, tmp_path) as service:
        code, said = await service.run("relay")
        assert code == 78
        assert "KAFKA_BOOTSTRAP_SERVERS is not set" in said
        service.environment["NOTIFICATIONS_SMTP_URL"] = "http://mail"
        code, said = await service.run("worker")
        assert code == 78
        assert "NOTIFICATIONS_SMTP_URL is wrong" in said
