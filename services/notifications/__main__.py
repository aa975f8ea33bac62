"""``python -m services.notifications api|worker|relay|migrate|rebuild|dead-letters|republish``."""

from services.notifications import main
from shared.process.doorway import run

if __name__ == "__main__":
    verbs = {
        "api": main.api,
        "worker": main.worker,
        "relay": main.relay,
        "migrate": main.migrate,
        "rebuild": main.rebuild,
        "dead-letters": main.dead_letters,
        "republish": main.republish,
    }
    raise SystemExit(run(verbs))
