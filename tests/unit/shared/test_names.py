"""What is refused as a name or an address, because somebody would read it as something else."""

from __future__ import annotations

import pytest

from shared.kernel.names import no_address_because, no_name_because, no_person_because
from tests.support.notifications.names import HOSTILE

PEOPLE = [
    "Lena Ortiz",
    "Ortiz, Lena, Ph.D.",
    "María José Núñez-Ibáñez",
    "Siobhán O'Neil",
    'Samuel "Skip" Okafor',
    "Dr. Anna (she/her) Weiß",
    "Nguyễn Thị Hồng Nhung",
    "שרה כהן",
    "محمد الأحمد",
    "مهدی‌زاده",
    "山田 太郎",
    "Jean-Luc d'Arc & Co; III",
    "100 % Lena",
    "A = B?",
    "",
]
NO_ADDRESSES = [
    "lena@lea.example.org\r\nBcc: evil@evil.example",
    "lena@lea.example.org, evil@evil.example",
    "Lena <lena@lea.example.org>",
    "lena@lea.example.org@evil.example",
    "=?utf-8?q?lena=0D=0A?=@lea.example.org",
    "＝?utf-8?q?lena?=@lea.example.org",
    "lena @lea.example.org",
    '"lena"@lea.example.org',
    "(lena)lena@lea.example.org",
    "lena@lea.example.org\u202e",
    "lena@lea.example.org\x00",
    "group:lena@lea.example.org;",
    "lena@[127.0.0.1]",
]


@pytest.mark.parametrize("name", PEOPLE)
def test_people_may_be_called_anything_that_is_a_name(name: str) -> None:
    assert no_name_because(name) is None


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_what_is_read_as_something_else_is_no_name(name: str) -> None:
    assert no_name_because(name) is not None


@pytest.mark.parametrize(
    "address", ["lena@lea.example.org", "o'neil+x=y?z@k12.ca.us", "josé@lea.example.org", ""]
)
def test_what_may_be_an_address(address: str) -> None:
    assert no_address_because(address) is None


@pytest.mark.parametrize("address", NO_ADDRESSES, ids=ascii)
def test_what_is_read_as_another_mailbox_is_no_address(address: str) -> None:
    assert no_address_because(address) is not None


def test_somebody_may_be_called_by_the_own_address_and_by_no_other() -> None:
    assert no_person_because("lena@lea.example.org", "lena@lea.example.org") is None
    assert no_person_because("evil@evil.example", "lena@lea.example.org") is not None
    assert no_person_because("Lena", "lena@lea.example.org, evil@evil.example") is not None
    assert no_person_because("", "") is None
