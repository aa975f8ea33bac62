"""``python -m services.notifications api|worker|relay|migrate|rebuild``."""

from services.notifications import main
from shared.process.doorway import run

if __name__ == "__main__":
    verbs = {
        "api": main.api,
        "worker": main.worker,
        "relay": main.relay,
        "migrate": main.migrate,
        "rebuild": main.rebuild,
    }
    raise SystemExit(run(verbs))
