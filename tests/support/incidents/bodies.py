"""Case bodies as callers send them, one per story of docs/domain; each is ready to be submitted."""

from __future__ import annotations

from typing import Any

from tests.support.http.tokens import SCHOOL

Body = dict[str, Any]

FIRST, SECOND, THIRD = "8391045527", "8391045528", "8391045529"


def a_body(incident_type: str, **changes: object) -> Body:
    """An incident of this noon's morning, discovered half an hour later."""
    return {
        "incident_type": incident_type,
        "school": SCHOOL,
        "occurred_at": "2019-04-12T10:00:00-07:00",
        "discovered_at": "2019-04-12T10:30:00-07:00",
        "grade": "11",
        "test": "sb_math_cat",
        "delivery_mode": "online",
        "student_count": 0,
        "narrative": "What was seen, and by whom.",
        "details": {},
        **changes,
    }


def charts_on_walls(**changes: object) -> Body:
    """E38, E63."""
    details = {"room": "Room 12", "what_was_visible": "two charts with vocabulary"}
    return a_body("instructional_materials_displayed", **{"details": details, **changes})


def left_room(**changes: object) -> Body:
    """E39."""
    return a_body("student_left_room", **changes)


def cheating(**changes: object) -> Body:
    """E26."""
    details = {"what_was_done": "passed a slip of paper", "finished_test": True}
    students = {"student_count": 2, "ssids": [FIRST, SECOND]}
    return a_body("student_cheating", **{**students, "details": details, **changes})


def fire_drill(**changes: object) -> Body:
    """E12."""
    details = {
        "cause": "fire_drill",
        "disruption_started_at": "2019-04-12T17:00:00Z",
        "disruption_ended_at": "2019-04-12T17:35:00Z",
        "minutes_paused": 35,
        "affected_part": "cat",
        "test_expired": False,
    }
    students = {"student_count": 1, "ssids": [FIRST]}
    return a_body("session_disruption", **{**students, "details": details, **changes})


def illness(**changes: object) -> Body:
    """E16."""
    details = {
        "started_on": "2019-04-01",
        "expired_on": "2019-04-11",
        "reason": "illness",
        "planned_return_on": "2019-04-15",
    }
    students = {"student_count": 1, "ssids": [FIRST], "test": "sb_ela_pt"}
    return a_body("test_expired_absence_or_closure", **{**students, "details": details, **changes})


def instagram(**changes: object) -> Body:
    """E30."""
    details = {
        "platform": "Instagram",
        "url_or_handle": "a private account",
        "found_at": "2019-04-12T17:30:00Z",
        "still_visible": False,
    }
    students = {"student_count": 1, "ssids": [FIRST]}
    return a_body("social_media_exposure_student", **{**students, "details": details, **changes})


def changed_answers(**changes: object) -> Body:
    """E31."""
    details = {"adult_role": "test administrator", "how_found": "a colleague saw it"}
    students = {"student_count": 1, "ssids": [FIRST]}
    return a_body("responses_or_records_modified", **{**students, "details": details, **changes})


def swapped_logons(**changes: object) -> Body:
    """HR-06: pairs."""
    details = {
        "pairs": [{"logon_ssid": FIRST, "tested_ssid": SECOND}],
        "parts_completed": "both finished part 1",
    }
    students = {"student_count": 2, "ssids": [FIRST, SECOND]}
    return a_body("access_to_other_student_work_unintentional", **{**students, "details": details, **changes})
