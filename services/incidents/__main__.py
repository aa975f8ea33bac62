"""``python -m services.incidents api|worker|relay|migrate|rebuild|rules``."""

from services.incidents import main
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
                "rules": main.catalog,
            }
        )
    )
