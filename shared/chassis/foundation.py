"""Opens what every process of a service needs: settings, engine, tail and clock."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from shared.chassis.definition import Foundation, S, ServiceDefinition
from shared.http.readiness import Readiness
from shared.kernel.clock import Clock
from shared.messaging.kafka.readiness import broker_checks
from shared.messaging.store_lags import StoreLags
from shared.observability.audit import configure_audit
from shared.observability.lags import Lags
from shared.observability.logging import configure
from shared.persistence.codec import Codec
from shared.persistence.engine import async_engine
from shared.persistence.scope import EVERY_ROW
from shared.persistence.tail import Tail
from shared.persistence.unit_of_work import UnitsOfWork
from shared.process import preflight
from shared.process.clock import clock_for
from shared.process.exit_codes import WRONG_SETTINGS
from shared.process.settings import load


def settings_of(
    service: ServiceDefinition[S], *, migrated: bool = True, serves: bool = True, as_owner: bool = False
) -> S:
    """Read the settings of a process, set up its log, and check its database.

    :param migrated: whether the tables must be there.
    :param as_owner: whether the process makes tables, and is to know the database by its owner's address.
    :param serves: whether standard output is free for the audit; a verb's is for what it tells.
    :raises SystemExit: 78, a setting is wrong; a line on standard error names it and the remedy.
    """
    settings = load(service.settings)
    configure(settings.stairs_log, service=service.name)
    try:
        stream = sys.stdout if serves else sys.stderr
        configure_audit(service.name, settings.stairs_audit_file, stream=stream)
    except OSError as error:
        sys.stderr.write(f"STAIRS_AUDIT_FILE is wrong ({error.strerror}): give a file that can be written\n")
        raise SystemExit(WRONG_SETTINGS) from None
    preflight.database(service.database_setting, settings.database_url, service.package, migrated=migrated)
    if as_owner:
        settings = settings.as_owner()
        preflight.owner(service.owner_setting, settings.database_url)
    return settings


@asynccontextmanager
async def foundation(
    service: ServiceDefinition[S], settings: S, *, clock: Clock | None = None, every_row: bool = False
) -> AsyncIterator[Foundation[S]]:
    """One engine and one tail for the whole process; they connect when they are first used.

    :param clock: another clock than the one that the settings ask for; for tests.
    :param every_row: whether the lists show its engine every row; an API names its caller instead.
    """
    async with AsyncExitStack() as closing:
        codec = Codec()
        engine = async_engine(settings.database_url, session=EVERY_ROW if every_row else None)
        closing.push_async_callback(engine.dispose)
        tail = Tail(settings.database_url, service.table, codec)
        closing.push_async_callback(tail.close)
        yield Foundation(
            service=service,
            settings=settings,
            clock=clock or clock_for(settings.stairs_clock_file),
            engine=engine,
            tail=tail,
            units=UnitsOfWork(engine, service.table, codec),
            codec=codec,
        )


def lags(base: Foundation[S], *, limit: float | None = None) -> Lags:
    """How far the service is behind with its work, as its database tells.

    :param limit: the age in seconds from which on a lag makes the process unready; None: none does.
    """
    service = base.service
    of_the_store = StoreLags(
        base.engine,
        base.tail,
        service.source,
        projections=service.projections,
        consumers=[each.consumer for each in service.subscriptions(base)],
        relayed=base.settings.kafka is not None,
    )
    return Lags(of_the_store.measure, *service.measures(base), limit=limit)


def require_all(readiness: Readiness, base: Foundation[S], behind: Lags) -> Readiness:
    """Make readiness depend on the database, and on the broker if there is one."""
    readiness.require("store", base.usable)
    for name, check in broker_checks(base.settings.kafka).items():
        readiness.require(name, check)
    readiness.show(behind)
    return readiness
