"""Settings that would never work are named at the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.console.keys.secret_files import secret_key
from services.notifications.settings import NotificationsSettings
from shared.process.settings import load
from tests.support.http.tokens import auth_environment

KEY, BOUNCES = "k" * 32, "bounces@stairs.example.org"


@pytest.fixture(autouse=True)
def _told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in auth_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NOTIFICATIONS_API_SECRET_FILE", str(secret_key(tmp_path / "api")))
    monkeypatch.setenv("NOTIFICATIONS_DATABASE_URL", "postgresql://x@127.0.0.1/x")
    monkeypatch.setenv("NOTIFICATIONS_CDE_EMAIL", "desk@cde.example.org")


def test_return_addresses_need_a_mailbox_and_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(NotificationsSettings).return_paths is None
    monkeypatch.setenv("NOTIFICATIONS_BOUNCE_ADDRESS", BOUNCES)
    assert load(NotificationsSettings).return_paths is None
    monkeypatch.setenv("NOTIFICATIONS_BOUNCE_KEY", KEY)
    monkeypatch.setenv("NOTIFICATIONS_BOUNCE_PORT", "2525")
    settings = load(NotificationsSettings)
    assert settings.return_paths is not None
    assert settings.return_paths.address == BOUNCES
    assert KEY not in repr(settings)
    assert KEY not in repr(settings.return_paths)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"PORT": "2525"}, "NOTIFICATIONS_BOUNCE_PORT is wrong"),
        ({"PORT": "2525", "ADDRESS": BOUNCES}, "NOTIFICATIONS_BOUNCE_PORT is wrong"),
        ({"PORT": "2525", "KEY": KEY}, "NOTIFICATIONS_BOUNCE_PORT is wrong"),
        ({"ADDRESS": "a.very.long.mailbox@stairs.example.org"}, "NOTIFICATIONS_BOUNCE_ADDRESS is wrong"),
        ({"ADDRESS": "a+b@stairs.example.org"}, "NOTIFICATIONS_BOUNCE_ADDRESS is wrong"),
        ({"ADDRESS": "=?x@stairs.example.org"}, "NOTIFICATIONS_BOUNCE_ADDRESS is wrong"),
        ({"KEY": "short"}, "NOTIFICATIONS_BOUNCE_KEY is wrong"),
    ],
)
def test_a_listener_that_would_listen_for_nothing_does_not_start(
    told: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in told.items():
        monkeypatch.setenv(f"NOTIFICATIONS_BOUNCE_{name}", value)
    with pytest.raises(SystemExit) as end:
        load(NotificationsSettings)
    assert end.value.code == 78
    assert said in capsys.readouterr().err
