"""The page that explains an API comes whole from the process that it explains."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from services.appeals.bootstrap import APPEALS
from services.incidents.bootstrap import INCIDENTS
from services.notifications.bootstrap import NOTIFICATIONS
from shared.chassis.api import routers_of
from shared.http import openapi
from shared.http.docs_page import add_docs_page
from tests.support.http.sample_app import client

ROUTERS = {
    "incidents": routers_of(INCIDENTS),
    "appeals": routers_of(APPEALS),
    "notifications": routers_of(NOTIFICATIONS),
}
ADDRESSES = ("href", "src", "action", "srcset", "data", "poster")


class Page(HTMLParser):
    """What a browser would meet: tags, addresses, anchors, and the words of the style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.anchors: list[str] = []
        self.style = ""
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._within = tag
        for name, value in attrs:
            self.attributes.add(name)
            if name in ADDRESSES:
                self.addresses.append(value or "")
            if name == "id":
                self.anchors.append(value or "")

    def handle_data(self, data: str) -> None:
        if self._within == "style":
            self.style += data

    def handle_endtag(self, tag: str) -> None:
        self._within = self._within if tag != self._within else ""


def documented(service: str) -> FastAPI:
    app = FastAPI(title=service, version="1", docs_url=None, redoc_url=None)
    for router in ROUTERS[service]:
        app.router.routes.extend(router.routes)
    openapi.describe(app)
    add_docs_page(app)
    return app


async def test_the_page_and_all_that_it_names_come_from_here(http: httpx.AsyncClient) -> None:
    answer = await http.get("/docs")
    page = Page(answer.text)
    assert answer.status_code == 200
    assert not page.tags & {"script", "link", "img", "iframe", "form", "object", "embed", "base"}
    assert not {name for name in page.attributes if name.startswith("on") or name == "style"}
    assert "//" not in answer.text
    assert "url(" not in page.style
    here = {
        urlsplit(urljoin("http://sample/docs", address))._replace(fragment="") for address in page.addresses
    }
    assert {address.netloc for address in here} == {"sample"}
    assert [(await http.get(address.geturl())).status_code for address in here] == [200] * len(here)


async def test_a_browser_may_do_nothing_with_it_but_show_it(http: httpx.AsyncClient) -> None:
    answer = await http.get("/docs")
    digest = hashlib.sha256(Page(answer.text).style.encode()).digest()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].split("; ") == [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        f"style-src 'sha256-{base64.b64encode(digest).decode()}'",
    ]


@pytest.mark.parametrize("elsewhere", ["/redoc", "/docs/oauth2-redirect"])
async def test_there_is_no_other_page(http: httpx.AsyncClient, elsewhere: str) -> None:
    assert (await http.get(elsewhere)).status_code == 404


@pytest.mark.parametrize("service", ROUTERS)
async def test_it_shows_every_operation_and_every_schema(service: str) -> None:
    async with client(documented(service)) as http:
        text = (await http.get("/docs")).text
        document = (await http.get("/openapi.json")).json()
    page = Page(text)
    operations = {one["operationId"] for path in document["paths"].values() for one in path.values()}
    assert operations | set(document["components"]["schemas"]) <= set(page.anchors)
    assert len(page.anchors) == len(set(page.anchors))
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.anchors)
    assert {word for word in ("None", "Undefined", "{&#39;") if f">{word}" in text} == set()


@pytest.mark.parametrize("service", ROUTERS)
def test_every_operation_is_summed_up_in_words_not_by_a_functions_name(service: str) -> None:
    paths = documented(service).openapi()["paths"].values()
    summaries = [operation["summary"] for path in paths for operation in path.values()]
    assert [one for one in summaries if re.fullmatch("[A-Z][a-z]*( [A-Z][a-z]*)*", one)] == []


async def test_what_a_document_says_is_text_not_markup() -> None:
    app = FastAPI(title="<b>Bold</b>", version="1", docs_url=None)
    add_docs_page(app)
    openapi.describe(app)
    async with client(app) as http:
        assert "<b>Bold" not in (await http.get("/docs")).text
    assert "Bold" in json.dumps(app.openapi())
