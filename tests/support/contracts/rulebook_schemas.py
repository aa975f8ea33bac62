"""The JSON Schemas of the rulebooks, from the loaders' models; run as a program it freezes them anew.

python -m tests.support.contracts.rulebook_schemas
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from services.appeals.rulebooks.schema import RulebookFile
from services.incidents.rulebooks.entries import RulebookEntry
from services.notifications.rulebooks.policy import MailPolicy
from shared.rulebooks.judging import schema_of

ROOT = Path(__file__).parents[3]
MODELS: Mapping[str, type[BaseModel]] = {
    "incidents": RulebookEntry,
    "appeals": RulebookFile,
    "notifications": MailPolicy,
}


def frozen(service: str) -> Path:
    return ROOT / "services" / service / "rulebooks" / "rulebook.schema.json"


def generated(service: str) -> dict[str, object]:
    return schema_of(MODELS[service], f"Rulebook of one administration year, {service}")


if __name__ == "__main__":
    for name in MODELS:
        frozen(name).write_text(json.dumps(generated(name), indent=2) + "\n")
        sys.stdout.write(f"{frozen(name).relative_to(ROOT)}\n")
