"""Who is asking, and what lies in their scope (domain §3, HR-29)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The roles of the contract, section 2."""

    LEA_COORDINATOR = "lea_coordinator"
    SITE_COORDINATOR = "site_coordinator"
    TEST_ADMINISTRATOR = "test_administrator"
    TEST_EXAMINER = "test_examiner"
    CALTAC_AGENT = "caltac_agent"
    CDE_REVIEWER = "cde_reviewer"
    AUDITOR = "auditor"
    SYSTEM = "system"


STATEWIDE = frozenset({Role.CALTAC_AGENT, Role.CDE_REVIEWER, Role.AUDITOR, Role.SYSTEM})


@dataclass(frozen=True)
class Actor:
    """The caller as its token describes it; stored with every fact that it causes."""

    sub: str
    name: str
    email: str
    role: Role
    lea: str | None = None  # 7-digit CDS prefix
    school: str | None = None  # 14-digit CDS code

    def sees(self, school: str) -> bool:
        """Whether a case of this school (14-digit CDS) is in scope: site = own school, LEA = own LEA."""
        if self.role in STATEWIDE:
            return True
        if self.role is Role.LEA_COORDINATOR:
            return self.lea is not None and school.startswith(self.lea)
        return self.school is not None and school == self.school

    def as_fact(self) -> dict[str, str | None]:
        """The form in which an event keeps its ``actor``."""
        return {**vars(self), "role": self.role.value}  # asdict would copy deeply, for 8 µs

    @classmethod
    def from_fact(cls, fact: dict[str, str | None]) -> Actor:
        """The actor that an event kept."""
        return cls(
            sub=fact["sub"] or "",
            name=fact["name"] or "",
            email=fact["email"] or "",
            role=Role(fact["role"] or ""),
            lea=fact.get("lea"),
            school=fact.get("school"),
        )
