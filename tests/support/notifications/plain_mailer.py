"""A mailer as others would write it: kafka-python, smtplib and HTTP, and not a line of this system's code."""

from __future__ import annotations

import json
import smtplib
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import httpx
from kafka import KafkaConsumer, TopicPartition

TOPIC = "stairs.notifications.v1"
TO_BE_SENT = {"stairs.notification.created.v1", "stairs.notification.resend_requested.v1"}
TRIES = 5

Mail = Mapping[str, Any]  # the data of one of these events


def written(mail: Mail) -> EmailMessage:
    """The mail, from its event alone."""
    message = EmailMessage()
    message["From"] = Address(mail["sender"]["name"], addr_spec=mail["sender"]["email"])
    message["To"] = [Address(each["name"], addr_spec=each["email"]) for each in mail["recipients"]]
    message["Subject"] = mail["subject"]
    message["Message-ID"] = mail["message_id"]
    message["List-Id"] = mail["list_id"]
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail["body_text"])
    message.add_alternative(mail["body_html"], subtype="html")
    return message


class PlainMailer:
    """Sends what is to be sent, and says what became of each attempt."""

    def __init__(
        self, bootstrap: str, since: Mapping[int, int], smtp_port: int, api: str, token: str
    ) -> None:
        self._bootstrap, self._since, self._smtp_port = bootstrap, since, smtp_port
        self._api = httpx.Client(base_url=api, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        self.answers: list[int] = []  # of the reports, by status

    def run(self, stop: threading.Event) -> None:
        """From the given offsets on, until told to stop."""
        consumer = KafkaConsumer(bootstrap_servers=self._bootstrap)
        consumer.assign([TopicPartition(TOPIC, partition) for partition in self._since])
        for partition, offset in self._since.items():
            consumer.seek(TopicPartition(TOPIC, partition), offset)
        try:
            while not stop.is_set():
                for records in consumer.poll(timeout_ms=200).values():
                    for record in records:
                        self._handle(dict(record.headers), record.value)
        finally:
            consumer.close()
            self._api.close()

    def _handle(self, headers: Mapping[str, bytes], value: bytes) -> None:
        mail = json.loads(value)
        if headers["ce_type"].decode() not in TO_BE_SENT or not mail["recipients"]:
            return
        for attempt in range(TRIES):
            outcome, detail = self._sent(mail)
            key = f"{headers['ce_id'].decode()}-{attempt}"
            self._report(mail["notification_id"], outcome, detail, key)
            if outcome != "temporary_failure":
                return

    def _sent(self, mail: Mail) -> tuple[str, str]:
        try:
            with smtplib.SMTP("127.0.0.1", self._smtp_port, timeout=60) as server:
                server.send_message(written(mail))
        except smtplib.SMTPRecipientsRefused as refusal:
            code, text = next(iter(refusal.recipients.values()))
            return _outcome(code), f"{code} {text.decode()}"
        except smtplib.SMTPResponseException as refusal:
            return _outcome(refusal.smtp_code), f"{refusal.smtp_code} {refusal.smtp_error!r}"
        except OSError as fault:
            return "temporary_failure", str(fault)
        return "delivered", "250"

    def _report(self, notification_id: str, outcome: str, detail: str, key: str) -> None:
        body = {"outcome": outcome, "detail": detail, "at": datetime.now(UTC).isoformat()}
        url = f"/v1/notifications/{notification_id}/attempts"
        answer = self._api.post(url, json=body, headers={"Idempotency-Key": key})
        self.answers.append(answer.status_code)


def _outcome(code: int) -> str:
    return "permanent_failure" if code >= 500 else "temporary_failure"
