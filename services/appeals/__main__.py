"""``python -m services.appeals api|worker|relay|migrate|rebuild|dead-letters|republish|adopt-calendar``."""

from __future__ import annotations

from services.appeals import main
from shared.process.doorway import run

if __name__ == "__main__":
    raise SystemExit(
        run(
            {
                "api": main.api,
                "worker": main.worker,
                "relay": main.relay,
                "migrate": main.migrate,
                "rebuild": main.rebuild,
                "dead-letters": main.dead_letters,
                "republish": main.republish,
                "adopt-calendar": main.adopt_calendar,
            }
        )
    )
