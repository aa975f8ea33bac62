"""Who may see and do what with messages and the directory: the guards alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.notifications.domain import permissions
from shared.kernel.actor import Actor
from shared.kernel.errors import Forbidden, NotFound
from tests.support.http.tokens import (
    AUDITOR,
    EVERYBODY,
    LEA,
    LEA_COORDINATOR,
    NEIGHBOUR_SCHOOL,
    OTHER_LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
)

COORDINATORS = {"lea_coordinator", "site_coordinator"}
DESKS = {"caltac_agent", "cde_reviewer"}


@pytest.mark.parametrize(
    ("guard", "roles"),
    [
        (permissions.require_reader, COORDINATORS | DESKS | {"auditor", "system"}),
        (permissions.require_resender, COORDINATORS | DESKS),
        (permissions.require_mailer, {"system"}),
        (permissions.require_entry_keeper, {"lea_coordinator", "caltac_agent"}),
    ],
    ids=["reads", "sends again", "reports attempts", "keeps the directory"],
)
def test_which_roles_may(guard: Callable[[Actor], None], roles: set[str]) -> None:
    may = set()
    for actor in EVERYBODY:
        try:
            guard(actor)
        except Forbidden:
            continue
        may.add(actor.role.value)
    assert may == roles


@pytest.mark.parametrize(
    ("actor", "cds"),
    [(OTHER_LEA_COORDINATOR, LEA), (SITE_COORDINATOR, LEA), (SITE_COORDINATOR, NEIGHBOUR_SCHOOL)],
    ids=["another LEA", "a school asks for its LEA", "another school"],
)
def test_hr_29_an_entry_out_of_scope_does_not_exist(actor: Actor, cds: str) -> None:
    for own in (LEA_COORDINATOR, SITE_COORDINATOR, AUDITOR):
        permissions.require_entry_visible(own, SCHOOL)
    with pytest.raises(NotFound):
        permissions.require_entry_visible(actor, cds)
