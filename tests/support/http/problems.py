"""Whether an answer is the problem that it should be (RFC 9457; contract §2)."""

from __future__ import annotations

import httpx
from jsonschema import validate

from shared.http.openapi import ISSUE, PROBLEM

SCHEMA = {**PROBLEM, "components": {"schemas": {"ProblemIssue": ISSUE}}}


def expect_problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    """The problem's body, having checked everything that all problems have in common."""
    body: dict[str, object] = answer.json()
    assert (answer.status_code, body.get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    validate(body, SCHEMA)
    assert body["status"] == status
    assert body["type"] == f"https://stairs.invalid/problems/{code}"
    assert body["instance"] == answer.headers["x-correlation-id"]
    return body


def issues_of(body: dict[str, object]) -> dict[str, str]:
    """Pointer → code."""
    errors = body.get("errors")
    assert isinstance(errors, list)
    return {entry["pointer"]: entry["code"] for entry in errors}
