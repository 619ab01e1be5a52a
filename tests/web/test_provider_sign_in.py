"""Signing in at a provider of identities: a real OpenID Connect provider in a process of its own, and our pages."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from starlette.applications import Starlette

from portability.adapters.clock.system import SystemClock
from portability.adapters.workers.openid import OpenIdProvider, OpenIdSettings
from portability.adapters.workers.web import WebSettings, create_app, openid_pages

OURS = "https://pages.example.org"
NUMBER, PHONE = {"personal_number": "XX0000000001"}, {"phone_number": "+39 333 1234567"}
PEOPLE = (
    {"sub": "elena", **PHONE, "phone_number_verified": True, **NUMBER},
    {"sub": "unverified", **PHONE, "phone_number_verified": False, **NUMBER},
    {"sub": "other-number", **PHONE, "phone_number_verified": True, "personal_number": "FR1"},
    {"sub": "no-number", **PHONE, "phone_number_verified": True},
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    people = [argument for one in PEOPLE for argument in ("--user-claims", json.dumps(one))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", str(port), "-n", "true", *people]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                httpx.get(f"{address}/.well-known/openid-configuration")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
        process.terminate()


@pytest.fixture
def provider(issuer: str) -> OpenIdProvider:
    settings = OpenIdSettings(
        issuer=issuer,
        client_id="inps",
        client_secret="s",
        redirect_uri=OURS + openid_pages.BACK,
        number_claim="personal_number",
    )
    return OpenIdProvider(settings, clock=SystemClock())


@pytest.fixture
def app(desk: Any, provider: OpenIdProvider) -> Starlette:
    settings = WebSettings(institution_name="INPS", form_key=b"f" * 32, https=True, provider_name="eID Italia")
    topic = partial(openid_pages.routes, use_cases=desk.use_cases, provider=provider)
    return create_app(desk.use_cases, settings, topic)


def browser(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=OURS)


async def at_the_provider(address: str, who: str) -> str:
    """Say there who one is; the address to which it leads back."""
    async with httpx.AsyncClient() as there:
        answer = await there.post(address, data={"sub": who})
    return answer.headers["location"]


async def came_back(client: httpx.AsyncClient, who: str) -> httpx.Response:
    away = await client.get("/sign-in/provider")
    return await client.get(await at_the_provider(away.headers["location"], who))


async def test_a_worker_signs_in_by_whom_her_country_knows_her(app: Starlette, samples: Any) -> None:
    async with browser(app) as client:
        assert "Sign in with eID Italia" in (await client.get("/sign-in")).text
        done = await came_back(client, "elena")
        assert done.status_code == 200
        assert '<meta http-equiv="refresh" content="0; url=/cases">' in done.text
        cases = await client.get("/cases")
        assert samples.case().reference in cases.text


@pytest.mark.parametrize("who", ["unverified", "other-number", "no-number", "nobody-on-file"])
async def test_who_is_not_known_by_both_contact_and_number_is_led_to_a_code(app: Starlette, who: str) -> None:
    async with browser(app) as client:
        back = await came_back(client, who)
        assert back.headers["location"] == "/sign-in?provider=not_on_file"
        page = await client.get(back.headers["location"])
        assert "Please get a code" in page.text
        assert (await client.get("/cases")).status_code == 303


async def test_an_answer_counts_once_and_in_the_browser_that_began(app: Starlette) -> None:
    async with browser(app) as client, browser(app) as other:
        away = await client.get("/sign-in/provider")
        back = await at_the_provider(away.headers["location"], "elena")
        for elsewhere in (other, other):
            refused = await elsewhere.get(back)
            assert refused.headers["location"] == "/sign-in?provider=refused"
            await elsewhere.get("/sign-in/provider")  # an attempt of its own does not help
        attempt = client.cookies["__Host-attempt"]
        assert (await client.get(back)).status_code == 200
        client.cookies.set("__Host-attempt", attempt, domain="pages.example.org", path="/")
        assert (await client.get(back)).headers["location"] == "/sign-in?provider=refused"


async def test_the_attempt_alone_comes_back_with_a_reader_from_another_site(app: Starlette) -> None:
    async with browser(app) as client:
        away = await client.get("/sign-in/provider")
        assert re.search(r"__Host-attempt=[^;]+;.*HttpOnly;.*SameSite=lax; Secure", away.headers["set-cookie"])
        back = await at_the_provider(away.headers["location"], "elena")
        for cookie in (await client.get(back)).headers.get_list("set-cookie"):
            assert "attempt" in cookie or "SameSite=strict" in cookie


async def test_who_does_not_agree_there_is_back_at_the_form(app: Starlette) -> None:
    async with browser(app) as client:
        away = await client.get("/sign-in/provider")
        state = re.search(r"state=([^&]+)", away.headers["location"])
        assert state
        back = await client.get(f"{openid_pages.BACK}?error=access_denied&state={state[1]}")
        assert back.headers["location"] == "/sign-in?provider=refused"
        assert "could not tell us who you are" in (await client.get(back.headers["location"])).text


async def test_a_provider_out_of_reach_leaves_the_code(desk: Any) -> None:
    nowhere = OpenIdSettings(
        issuer="http://127.0.0.1:9", client_id="inps", client_secret="s", redirect_uri=OURS, number_claim="n"
    )
    settings = WebSettings(institution_name="INPS", form_key=b"f" * 32, https=True, provider_name="eID Italia")
    provider = OpenIdProvider(nowhere, clock=SystemClock())
    app = create_app(
        desk.use_cases, settings, partial(openid_pages.routes, use_cases=desk.use_cases, provider=provider)
    )
    async with browser(app) as client:
        back = await client.get("/sign-in/provider")
        assert back.headers["location"] == "/sign-in?provider=unreachable"
        assert "does not answer now" in (await client.get(back.headers["location"])).text


KEY = OKPKey.generate_key("Ed25519", {"kid": "1"})
GOOD = {"iss": "https://id.example.org", "aud": "inps", "sub": "elena", "nonce": "n", "iat": 0, "exp": 0}


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://elsewhere.example.org"},
        {"aud": "another-client"},
        {"aud": ["inps", "another-client"], "azp": "another-client"},
        {"nonce": "of another attempt"},
        {"nonce": None},
        {"exp": -3600},
        {"exp": None},
        {"iat": 3600},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_for_somebody_else_or_another_time_is_not_taken(changed: dict[str, Any]) -> None:
    """OpenID Connect Core 1.0, 3.1.3.7."""
    now = int(time.time())
    settings = OpenIdSettings(
        issuer=GOOD["iss"], client_id="inps", client_secret="s", redirect_uri=OURS, number_claim="n"
    )
    provider = OpenIdProvider(settings, clock=SystemClock())

    def made(**changes: Any) -> str:
        claims = {**GOOD, "exp": 600, **changes}
        for name in ("iat", "exp"):
            claims[name] = None if claims[name] is None else now + claims[name]
        told = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "Ed25519", "kid": "1"}, told, KEY, algorithms=["Ed25519"])

    assert provider._checked(made(), KeySet([KEY]), nonce="n")["sub"] == "elena"
    with pytest.raises((JoseError, ValueError)):
        provider._checked(made(**changed), KeySet([KEY]), nonce="n")
    with pytest.raises((JoseError, ValueError)):
        provider._checked(made(), KeySet([OKPKey.generate_key("Ed25519", {"kid": "1"})]), nonce="n")
