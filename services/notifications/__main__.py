"""``python -m services.notifications VERB``: the verbs of every service."""

from __future__ import annotations

from services.notifications.bootstrap import NOTIFICATIONS
from shared.chassis.command_line import command_line
from shared.process.verbs import run

app = command_line(NOTIFICATIONS)

if __name__ == "__main__":
    run(app)
