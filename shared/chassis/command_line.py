"""A service's command line: ``python -m services.NAME VERB``.

app = command_line(APPEALS)        # the verbs that every service has

@app.command("adopt-calendar")     # and one of its own
def adopt_calendar() -> None:
    "What the help says."
    done(one_off(APPEALS, …))

if __name__ == "__main__":
    run(app)
"""

from __future__ import annotations

import sys

import typer

from shared.chassis import dead_letters, rebuild, republish
from shared.chassis import worker as working
from shared.chassis.api import build_api
from shared.chassis.definition import S, ServiceDefinition
from shared.chassis.foundation import settings_of
from shared.chassis.one_off import at_the_keyboard
from shared.observability.audit import record
from shared.persistence.migrations import migrate as migrate_database
from shared.persistence.migrations import role_of
from shared.persistence.privileges import Privileges
from shared.process import preflight
from shared.process.exit_codes import WRONG_SETTINGS
from shared.process.loops import run_async
from shared.process.serving import serve_api
from shared.process.verbs import done, group

EXIT_CODES = "Exit codes: 0 done, 1 failed (the log says why), 2 wrong usage, 78 a setting is wrong."
NO_KAFKA = (
    "KAFKA_BOOTSTRAP_SERVERS is not set: give host:port of the Kafka cluster, or start no relay;"
    " without Kafka the services follow each other's changes feeds"
)


def command_line(service: ServiceDefinition[S]) -> typer.Typer:
    """The verbs that every service has."""
    app = group(f"The {service.name} service: its processes, and what an operator does. {EXIT_CODES}")
    _add_processes(app, service)
    rebuild.add_to(app, service)
    republish.add_to(app, service)
    app.add_typer(dead_letters.verbs(service), name="dead-letters")
    return app


def _add_processes(app: typer.Typer, service: ServiceDefinition[S]) -> None:
    @app.command()
    def api() -> None:
        """Serve the REST API."""
        settings = settings_of(service)
        app = build_api(service, settings)
        done(serve_api(app, settings.host, settings.port, settings.connections))

    @app.command()
    def worker() -> None:
        """Run the loops: lists, deadlines, consumers, and the relay."""
        done(run_async(working.work(service, settings_of(service))))

    @app.command()
    def relay() -> None:
        """Publish to Kafka, with RELAY_EMBEDDED=false for the worker."""
        settings = settings_of(service)
        if settings.kafka is None:
            sys.stderr.write(NO_KAFKA + "\n")
            done(WRONG_SETTINGS)
        done(run_async(working.relay(service, settings, settings.kafka)))

    @app.command()
    def migrate() -> None:
        """Bring the database to the newest schema."""
        settings = settings_of(service, migrated=False, serves=False)
        url = settings.as_owner().database_url
        preflight.owner(service.owner_setting, url)
        role = role_of(settings.database_url)
        migrate_database(url, service.package, Privileges(role, service.table, service.guarded))
        record("migrated", {"who": at_the_keyboard(), "verdict": "done"})
