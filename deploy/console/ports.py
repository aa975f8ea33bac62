"""The services of the local system and the loopback ports that it opens."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

SERVICES = ("incidents", "appeals", "notifications")
HOST = "127.0.0.1"
PUBLISHED = {"incidents": 8001, "appeals": 8002, "notifications": 8003, "mailpit": 8025, "kafka": 19092}
"""The ports of the containers on the loopback, as docker-compose.yml has them."""


@dataclass(frozen=True)
class Ports:
    """Every port of the local system, all on the loopback (defaults: contract §1)."""

    incidents: int = 8001
    appeals: int = 8002
    notifications: int = 8003
    incidents_worker: int = 8011
    appeals_worker: int = 8012
    notifications_worker: int = 8013
    smtp: int = 1025
    kafka: int = 19092
    kafka_controller: int = 19093

    def shifted(self, by: int) -> Ports:
        """The same ports, all moved: a second system on one machine."""
        return Ports(**{name: port + by for name, port in asdict(self).items()})

    def named(self, *, kafka: bool) -> dict[str, int]:
        """The ports that this kind of run opens."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if kafka or not field.name.startswith("kafka")
        }
