"""The use cases of appeals after their request: deciding, withdrawing, executing, and reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.appeals.application.commands import DecideMany, Deed, DoToAppeal
from services.appeals.application.free_text import require_no_ssid_in
from services.appeals.application.ports import Archive, KnownCases, Policies, RecordedFact
from services.appeals.domain.appeal import Appeal
from services.appeals.domain.errors import AppealNotFound, ReasonRequired
from services.appeals.domain.permissions import (
    require_appeal_reader,
    require_appeal_visible,
    require_decider,
    require_desk,
    require_executor,
    require_some_decider,
    require_some_withdrawer,
    require_withdrawer,
)
from services.appeals.domain.student_test_record import StudentTestRecord
from services.appeals.domain.values import Act, Decider
from shared.kernel.actor import Actor
from shared.kernel.errors import Refusal, Stale
from shared.kernel.store import ReceiptFor, StreamUnknown, until_first


@dataclass(frozen=True)
class Result:
    """What became of one of many appeals: the appeal as it is now, or why it was not changed."""

    appeal_id: UUID
    appeal: Appeal | None
    refusal: Refusal | None


class Appeals:
    """Deeds on appeals, singly or many at once, and reading them."""

    def __init__(self, store: Archive, *, cases: KnownCases, policies: Policies) -> None:
        self._store = store
        self._cases = cases
        self._policies = policies

    async def get(self, appeal_id: UUID, actor: Actor) -> Appeal:
        """One appeal in the caller's scope.

        :raises NotForThisRole: a role without a part in appeals.
        :raises AppealNotFound: no such appeal in scope.
        """
        require_appeal_reader(actor)
        try:
            appeal = await self._store.load(Appeal, appeal_id)
        except StreamUnknown:
            raise AppealNotFound("There is no such appeal.") from None
        require_appeal_visible(actor, appeal)
        return appeal

    async def history(self, appeal_id: UUID, actor: Actor) -> Sequence[RecordedFact]:
        """Every fact of an appeal in the caller's scope, oldest first."""
        await self.get(appeal_id, actor)
        return await self._store.facts(appeal_id)

    async def do(self, command: DoToAppeal, receipt: ReceiptFor | None = None) -> Appeal:
        """One deed on one appeal.

        :raises AppealNotFound: no such appeal in scope.
        :raises Stale: the caller decided on an older version.
        :raises Refusal: whatever the deed refuses.
        """
        _require_some_doer(command.deed, command.act.actor)
        require_no_ssid_in(command.act.reason, command.act.comments)

        async def done() -> Appeal:
            appeal = await self.get(command.appeal_id, command.act.actor)
            _require_doer(command.deed, command.act.actor, appeal)
            if command.expected not in (None, appeal.version):
                raise Stale(f"The present version is {appeal.version}.")
            await self._do(command.deed, appeal, command.act)
            record = await self._record_of(appeal)
            record.note(appeal.id, appeal.status, command.act)
            await self._store.save(appeal, record, receipt=await receipt(appeal) if receipt else None)
            return appeal

        return await until_first(done)

    async def decide_many(self, command: DecideMany, receipt: ReceiptFor | None = None) -> list[Result]:
        """Decide many appeals alike: those that refuse are not changed, the others are saved together.

        :raises ReasonRequired: a denial without a reason.
        :raises NotForThisRole: a role that decides no appeal at all.
        """
        require_some_decider(command.act.actor)
        require_no_ssid_in(command.act.reason, command.act.comments)
        if command.deed is Deed.DENY and command.act.stated_reason is None:
            raise ReasonRequired("Say why the appeals are denied, so that the coordinators know what to do.")

        async def decided() -> list[Result]:
            results = [await self._result(command, appeal_id) for appeal_id in command.appeal_ids]
            changed = [result.appeal for result in results if result.appeal]
            if not changed and receipt is None:
                return results
            records = await self._noted(changed, command.act)
            await self._store.save(*changed, *records, receipt=await receipt(results) if receipt else None)
            return results

        return await until_first(decided)

    def require_decider_of(self, deciders: Iterable[Decider], actor: Actor) -> None:
        """Require that the caller decides what waits for each of these.

        :raises NotForThisRole: the caller does not.
        """
        for decider in deciders:
            require_desk(actor, decider)

    async def _result(self, command: DecideMany, appeal_id: UUID) -> Result:
        try:
            appeal = await self.get(appeal_id, command.act.actor)
            _require_doer(command.deed, command.act.actor, appeal)
            await self._do(command.deed, appeal, command.act)
        except Refusal as refusal:
            return Result(appeal_id, None, refusal)
        return Result(appeal_id, appeal, None)

    async def _noted(self, appeals: Sequence[Appeal], act: Act) -> list[StudentTestRecord]:
        records: dict[UUID, StudentTestRecord] = {}
        for appeal in appeals:
            record_id = _record_id(appeal)
            record = records.get(record_id) or await self._record_of(appeal)
            record.note(appeal.id, appeal.status, act)
            records[record_id] = record
        return list(records.values())

    async def _do(self, deed: Deed, appeal: Appeal, act: Act) -> None:
        if deed is Deed.APPROVE:
            policy = self._policies.for_year(appeal.identity.administration_year)
            kind = policy.types[appeal.identity.appeal_type]
            window = await self._window_of(appeal) if kind.reopened_days is not None else None
            appeal.approve(act, policy, window)
            return
        acts = {
            Deed.DENY: appeal.deny,
            Deed.WITHDRAW: appeal.withdraw,
            Deed.PROCESS: appeal.process,
            Deed.FAIL: appeal.fail,
            Deed.RESUBMIT: appeal.resubmit,
        }
        acts[deed](act)

    async def _window_of(self, appeal: Appeal) -> date | None:
        case = await self._cases.find(appeal.identity.case_number)
        return case.window_closes_on if case else None

    async def _record_of(self, appeal: Appeal) -> StudentTestRecord:
        return await self._store.load(StudentTestRecord, _record_id(appeal))


def _require_some_doer(deed: Deed, actor: Actor) -> None:
    """The role, before the appeal is looked for."""
    match deed:
        case Deed.APPROVE | Deed.DENY:
            require_some_decider(actor)
        case Deed.WITHDRAW:
            require_some_withdrawer(actor)
        case _:
            require_executor(actor)


def _require_doer(deed: Deed, actor: Actor, appeal: Appeal) -> None:
    match deed:
        case Deed.APPROVE | Deed.DENY:
            require_decider(actor, appeal)
        case Deed.WITHDRAW:
            require_withdrawer(actor, appeal)
        case _:
            require_executor(actor)


def _record_id(appeal: Appeal) -> UUID:
    about = appeal.identity
    return StudentTestRecord.id_of(about.student_ref, about.test, about.administration_year)
