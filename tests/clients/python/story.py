"""A case from its draft to its number, told with the client of openapi-python-client."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
from http import HTTPStatus

from stairs_incidents_client import AuthenticatedClient
from stairs_incidents_client.api.cases import draft_case, get_case, submit_case
from stairs_incidents_client.api.students_and_records import upload_students
from stairs_incidents_client.models import (
    AssessmentKind,
    Case,
    CaseBody,
    CaseBodyDetails,
    DeliveryMode,
    Grade,
    Problem,
    ShownCase,
    UploadStudentsForm,
)
from stairs_incidents_client.types import File

PACIFIC = dt.timezone(dt.timedelta(hours=-7))


def tell(client: AuthenticatedClient) -> dict[str, object]:
    """File, upload, submit, read; and see a refusal."""
    report = CaseBody(
        incident_type="student_cheating",
        school=os.environ["STAIRS_SCHOOL"],
        occurred_at=dt.datetime(2019, 4, 12, 10, 0, tzinfo=PACIFIC),
        discovered_at=dt.datetime(2019, 4, 12, 10, 30, tzinfo=PACIFIC),
        grade=Grade("11"),
        test="sb_math_cat",
        delivery_mode=DeliveryMode.ONLINE,
        assessment_kind=AssessmentKind.SUMMATIVE,
        student_count=12,
        narrative="What was seen, and by whom.",
        details=CaseBodyDetails.from_dict({"what_was_done": "passed a slip of paper", "finished_test": True}),
    )
    drafted = draft_case.sync(client=client, body=report, idempotency_key=os.urandom(8).hex())
    assert isinstance(drafted, Case), drafted
    rows = "\r\n".join(str(8_391_045_000 + at) for at in range(12))
    file = File(payload=io.BytesIO(rows.encode()), file_name="students.csv", mime_type="text/csv")
    uploaded = upload_students.sync(drafted.id, client=client, body=UploadStudentsForm(file=file))
    assert isinstance(uploaded, Case), uploaded
    submitted = submit_case.sync(drafted.id, client=client)
    assert isinstance(submitted, Case), submitted
    found = get_case.sync(drafted.id, client=client)
    assert isinstance(found, ShownCase), found
    again = submit_case.sync_detailed(drafted.id, client=client)
    assert again.status_code is HTTPStatus.CONFLICT
    assert isinstance(again.parsed, Problem), again
    return {
        "status": str(found.status),
        "case_number": found.case_number,
        "students": len(found.students),
        "refusal": again.parsed.code,
    }


if __name__ == "__main__":
    url, token = os.environ["STAIRS_URL"], os.environ["STAIRS_TOKEN"]
    with AuthenticatedClient(base_url=url, token=token) as authenticated:
        print(json.dumps(tell(authenticated)))  # noqa: T201 - its result, read by the test
