"""What is this service's own, named once and put together by hand; the chassis makes its processes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.incidents.api import cases, concerns, discussion, pauses, rules, students, uploads, windows
from services.incidents.api.dependencies import IncidentDependencies
from services.incidents.api.description import DESCRIPTION
from services.incidents.application.cases import Cases
from services.incidents.application.concerns import Concerns
from services.incidents.application.corrections import Corrections
from services.incidents.application.discussions import Discussions
from services.incidents.application.draft_room import DraftRoom
from services.incidents.application.filing_protocols import FilingProtocols
from services.incidents.application.records import Records
from services.incidents.application.searches import CaseSearches, DeadlinesOfCases
from services.incidents.application.uploads import Uploads
from services.incidents.application.windows import Windows
from services.incidents.messaging import inbound, mail, outbound
from services.incidents.providers.case_numbers import PostgresCaseNumbers
from services.incidents.providers.keyring import KeyringFile
from services.incidents.providers.sheets import Sheets
from services.incidents.providers.unnamed_keys import NAME as STUDENT_KEYS
from services.incidents.providers.unnamed_keys import keep_removed
from services.incidents.providers.vault import Vault, read_key
from services.incidents.reactions.deadlines import CaseDeadlines
from services.incidents.read_model.case_list import CaseList
from services.incidents.read_model.case_mail import CaseMail
from services.incidents.read_model.concern_list import ConcernList, ConcernSearch
from services.incidents.read_model.open_drafts import OpenDrafts
from services.incidents.read_model.queries import CaseSearch
from services.incidents.rulebooks.library import Library
from services.incidents.settings import IncidentsSettings
from shared.chassis.definition import Foundation, Producer, ServiceDefinition, Subscription, Writing
from shared.persistence.privileges import NOTHING, READ
from shared.persistence.projector import Projector
from shared.process.loops import Loop

CONSUMER = "incidents"  # of what appeals publishes
MAIL = "incidents-mail"  # of what became of the mails: a group of its own, neither waits for the other
REACTIONS = "incidents-reactions"  # to what we publish ourselves

ROUTERS = (
    cases.router,
    students.router,
    uploads.router,
    discussion.router,
    concerns.router,
    rules.router,
    pauses.router,
    windows.router,
)


# keys are made, named, erased and removed by functions alone (migrations 0008 and 0010)
GUARDED = {
    "student_keys": READ,
    "erased_students": READ,
    "new_students": NOTHING,
    "student_keys_named": NOTHING,
    "retired_key_epochs": READ,
}


def dependencies(base: Foundation[IncidentsSettings], writing: Writing) -> IncidentDependencies:
    """What the routes work with; a fault in a rulebook ends the start here."""
    settings, store, pool, library = base.settings, writing.store, writing.pool, Library.from_folder()
    vault = Vault(
        pool,
        KeyringFile(settings.kek_file).current,
        read_key(settings.ref_key_file),
        base.clock,
        new_per_day=settings.new_students_per_day,
    )
    search = CaseSearch(base.engine)
    room = DraftRoom(
        OpenDrafts(base.engine),
        per_caller=settings.open_drafts_per_caller,
        per_lea=settings.open_drafts_per_lea,
    )
    use_cases = Cases(store, vault, PostgresCaseNumbers(pool), library, Corrections(search), room)
    return IncidentDependencies(
        cases=use_cases,
        records=Records(store, store, vault),
        search=CaseSearches(search, vault),
        shelf=library,
        clock=base.clock,
        case_mail=CaseMail(base.engine),
        uploads=Uploads(use_cases, Sheets()),
        windows=Windows(store, library),
        discussions=Discussions(store, vault),
        concerns=Concerns(store, ConcernSearch(base.engine)),
        filing_protocols=FilingProtocols(store),
    )


def subscriptions(base: Foundation[IncidentsSettings]) -> Sequence[Subscription]:
    """What we publish ourselves, what was decided of appeals, and what became of mails."""
    appeals = Producer(inbound.APPEALS_SOURCE, inbound.APPEALS_TOPIC, base.settings.appeals_url)
    notifications = Producer(mail.MAIL_SOURCE, mail.MAIL_TOPIC, base.settings.notifications_url)
    return [
        Subscription(REACTIONS, inbound.of_ourselves()),
        Subscription(CONSUMER, inbound.of_appeals(), [appeals]),
        Subscription(MAIL, mail.of_notifications(), [notifications]),
    ]


def deadlines(base: Foundation[IncidentsSettings]) -> CaseDeadlines:
    """Reports, statements and answers that are due."""
    return CaseDeadlines(Library.from_folder(), Projector(base.engine, base.tail, CaseList()))


def loops(base: Foundation[IncidentsSettings]) -> Mapping[str, Loop]:
    """What the worker does beside what every worker does."""
    return {STUDENT_KEYS: lambda stop: keep_removed(base.engine, stop)}


INCIDENTS = ServiceDefinition(
    name="incidents",
    title="STAIRS incidents",
    description=DESCRIPTION,
    settings=IncidentsSettings,
    source=outbound.SOURCE,
    topic=outbound.TOPIC,
    publish=outbound.publish,
    lists=[CaseList(), ConcernList()],
    routers=ROUTERS,
    deadline_queries=DeadlinesOfCases,
    dependencies=dependencies,
    subscriptions=subscriptions,
    deadlines=deadlines,
    loops=loops,
    guarded=GUARDED,
)
