from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from shared.messaging.kafka.cluster import Cluster, Secret, Unusable, password_in
from shared.process.kafka_settings import KafkaSettings
from shared.process.settings import load
from tests.support.servers.certificates import Authority

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KAFKA_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def files(tmp_path: Path) -> Mapping[str, str]:
    """A usable file of each kind, and some that are not."""
    authority, (cert, key) = Authority(tmp_path / "ours"), Authority(tmp_path / "client").issue("client")
    _, strange = Authority(tmp_path / "strange").issue("client")
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    (tmp_path / "empty").touch()
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    (tmp_path / "locked").write_bytes(locked)
    named = {name: str(tmp_path / name) for name in ("password", "empty", "locked", "nowhere")}
    return {**named, "ca": str(authority.file), "cert": str(cert), "key": str(key), "strange": str(strange)}


def told(monkeypatch: pytest.MonkeyPatch, settings: Mapping[str, str]) -> KafkaSettings:
    for name, value in settings.items():
        monkeypatch.setenv(f"KAFKA_{name}", value)
    return load(KafkaSettings)


def test_no_cluster_is_the_changes_feeds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, {}).kafka is None


def test_an_address_alone_is_a_cluster_that_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = told(monkeypatch, {"BOOTSTRAP_SERVERS": "a:9092, [::1]:9092"}).kafka
    assert cluster is not None
    assert cluster == Cluster.at("a:9092, [::1]:9092")
    assert (cluster.addresses, cluster.tls(), cluster.login()) == (["a:9092", "[::1]:9092"], None, {})


def test_all_of_it_is_what_kafka_python_is_told(
    monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str]
) -> None:
    words = {"BOOTSTRAP_SERVERS": "a:1", "SECURITY_PROTOCOL": "SASL_SSL", "CA_FILE": files["ca"]}
    words |= {"CERT_FILE": files["cert"], "KEY_FILE": files["key"], "SASL_USERNAME": "stairs"}
    words |= {"SASL_PASSWORD_FILE": files["password"], "SASL_MECHANISM": "PLAIN"}
    cluster = told(monkeypatch, words).kafka
    assert cluster is not None
    context = cluster.tls()
    assert context is not None
    assert (context.check_hostname, len(context.get_ca_certs())) == (True, 1)
    assert cluster.login() == {
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "stairs",
        "sasl_plain_password": PASSWORD,
    }
    assert PASSWORD not in repr(cluster.login()), "kafka-python logs what it is told"
    assert PASSWORD not in repr(cluster)


SASL = {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_USERNAME": "stairs", "SASL_PASSWORD_FILE": "password"}
UNUSED = "is wrong (KAFKA_SECURITY_PROTOCOL=PLAINTEXT does not use it)"
WRONG = [
    ({"BOOTSTRAP_SERVERS": "kafka"}, "KAFKA_BOOTSTRAP_SERVERS is wrong (not host:port"),
    ({"SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL is wrong"),
    ({**SASL, "SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL is wrong"),
    ({**SASL, "SASL_USERNAME": ""}, "KAFKA_SASL_USERNAME is not set: give the name to log in with"),
    ({**SASL, "SASL_PASSWORD_FILE": ""}, "KAFKA_SASL_PASSWORD_FILE is not set: give a file"),
    ({**SASL, "SASL_PASSWORD_FILE": "nowhere"}, "KAFKA_SASL_PASSWORD_FILE is wrong ("),
    ({**SASL, "SASL_PASSWORD_FILE": "empty"}, "KAFKA_SASL_PASSWORD_FILE is wrong ("),
    ({**SASL, "SASL_MECHANISM": "GSSAPI"}, "KAFKA_SASL_MECHANISM is wrong"),
    (
        {**SASL, "SECURITY_PROTOCOL": "SASL_PLAINTEXT", "SASL_MECHANISM": "PLAIN"},
        "KAFKA_SASL_MECHANISM is wrong (PLAIN would send the password as it is",
    ),
    ({"SASL_USERNAME": "stairs"}, f"KAFKA_SASL_USERNAME {UNUSED}"),
    ({"CA_FILE": "ca"}, f"KAFKA_CA_FILE {UNUSED}"),
    ({"SECURITY_PROTOCOL": "SSL", "CA_FILE": "nowhere"}, "KAFKA_CA_FILE is wrong ("),
    ({"SECURITY_PROTOCOL": "SSL", "CA_FILE": "key"}, "KAFKA_CA_FILE is wrong ("),
    ({"SECURITY_PROTOCOL": "SSL", "CERT_FILE": "cert"}, "KAFKA_KEY_FILE is not set: give a PEM file"),
    ({"SECURITY_PROTOCOL": "SSL", "KEY_FILE": "key"}, "KAFKA_KEY_FILE is wrong (KAFKA_CERT_FILE is not set)"),
    ({"SECURITY_PROTOCOL": "SSL", "CERT_FILE": "cert", "KEY_FILE": "strange"}, "KAFKA_KEY_FILE is wrong ("),
    ({"SECURITY_PROTOCOL": "SSL", "CERT_FILE": "cert", "KEY_FILE": "locked"}, "KAFKA_KEY_FILE is wrong ("),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "line"), WRONG)
def test_what_cannot_work_is_one_line_that_names_the_setting_and_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    files: Mapping[str, str],
    settings: Mapping[str, str],
    line: str,
) -> None:
    with pytest.raises(SystemExit) as end:
        told(monkeypatch, {name: files.get(value, value) for name, value in settings.items()})
    (said,) = capsys.readouterr().err.splitlines()
    assert end.value.code == 78
    assert said.startswith(line)
    assert ": give " in said
    assert PASSWORD not in said


def test_a_password_that_is_renewed_is_read_by_the_next_login(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old")
    cluster = Cluster("a:1", "SASL_SSL", username="stairs", password_file=file)
    file.write_text("new\r\n")
    assert cluster.login()["sasl_plain_password"] == "new"
    file.unlink()
    with pytest.raises(Unusable, match="password: not a readable file with a password"):
        cluster.login()


def test_a_password_is_its_line_with_the_blanks_in_it(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(" a b \n")
    assert password_in(tmp_path / "password") == " a b "
    assert f"{Secret('x')!r} {['x', Secret('y')]}" == "'…' ['x', '…']"
