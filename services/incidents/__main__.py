"""``python -m services.incidents VERB``: each process, and each verb beside them."""

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
                "forget-mail": main.forget_mail,
                "dead-letters": main.dead_letters,
                "republish": main.republish,
                "rules": main.catalog,
            }
        )
    )
