"""Clients that widespread generators make of docs/openapi compile, and tell a story to a running API.

The story is the same in each language: draft a case, upload twelve students, submit it, read it, and submit
it once more, which is refused.
"""

from __future__ import annotations

import json
import os
import re
import shutil

from tests.support.contracts.client_tools import (
    DOCUMENTS,
    OAPI_CODEGEN,
    WORK,
    copied,
    npm_packages,
    npm_program,
    python_environment,
    require,
    run,
)

IMPORT_ALL = (
    "import pkgutil; "
    "[__import__(each.name) for each in pkgutil.walk_packages(made.__path__, made.__name__ + '.')]"
)


def assert_told(said: str) -> None:
    """The line of JSON is what the story saw; Maven colours the lines around it."""
    (line,) = (line for line in said.splitlines() if line.startswith("{"))
    seen = json.loads(line)
    assert re.fullmatch(r"2018-19-\d{6}", seen.pop("case_number"))
    assert seen == {"status": "submitted", "students": 12, "refusal": "not_a_draft"}


def test_python_by_openapi_python_client(told: dict[str, str]) -> None:
    python, folder = python_environment(), copied("python")
    beside = {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    }  # it formats by the ruff of its lock
    for service, document in DOCUMENTS.items():
        made = folder / f"stairs_{service}_client"
        shutil.rmtree(made, ignore_errors=True)  # modules of a schema that is gone
        options = ("--meta", "none", "--overwrite", "--fail-on-warning", "--output-path", made)
        run(python.with_name("openapi-python-client"), "generate", "--path", document, *options, told=beside)
        run(python, "-c", f"import {made.name} as made; {IMPORT_ALL}", cwd=folder)
    assert_told(run(python, "story.py", cwd=folder, told=told))


def test_typescript_by_openapi_typescript(told: dict[str, str]) -> None:
    npm_packages()
    folder = copied("typescript")
    for service, document in DOCUMENTS.items():
        run(npm_program("openapi-typescript"), document, "-o", folder / "generated" / f"{service}.ts")
    run(npm_program("tsc"), "-p", folder)
    assert_told(run("node", folder / "built" / "story.js", told=told))


def test_go_by_oapi_codegen(told: dict[str, str]) -> None:
    require("go", "go")
    folder = copied("go")
    for service, document in DOCUMENTS.items():
        package = folder / service
        package.mkdir(exist_ok=True)
        out = package / "client.gen.go"
        options = ("-generate", "types,client", "-package", service, "-o", out)
        run("go", "run", OAPI_CODEGEN, *options, document, cwd=folder)
    run("go", "vet", "./...", cwd=folder)
    assert_told(run("go", "run", ".", cwd=folder, told=told))


def test_java_by_openapi_generator(told: dict[str, str]) -> None:
    require("java", "mvn", "java")
    shutil.rmtree(WORK / "java" / "target", ignore_errors=True)  # classes of a schema that is gone
    folder = copied("java")
    where = f"-Ddocuments={DOCUMENTS['incidents'].parent}"
    said = run("mvn", "-q", "-B", "-f", folder / "pom.xml", where, "compile", "exec:java", told=told)
    assert_told(said)
