"""The worker's pages: the whole way, hostile text, size, headers, forms, and what happens when something is wrong."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from portability.adapters.workers.web import WebSettings, create_app
from portability.agreements.values import Branch
from portability.services.workers.protection import hidden_career, hidden_decision
from portability.services.workers.words import languages, without_isolates

FORM_KEY = b"f" * 32
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{7*7}}"


def settings(*, https: bool = False) -> WebSettings:
    return WebSettings(institution_name="INPS", form_key=FORM_KEY, https=https)


def browser(app: Starlette, *, https: bool = False, address: str = "192.0.2.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 40000), raise_app_exceptions=False)
    base_url = "https://pages.example.org" if https else "http://pages.example.org"
    return httpx.AsyncClient(transport=transport, base_url=base_url, follow_redirects=True)


@pytest.fixture
def app(desk: Any) -> Starlette:
    return create_app(desk.use_cases, settings(), matters=desk.matters)


def hidden(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text))


async def ask_for_code(client: httpx.AsyncClient, contact: str = "+39 333 1234567", **more: str) -> httpx.Response:
    form = await client.get("/sign-in")
    return await client.post("/sign-in", data={**hidden(form), "contact": contact, **more})


async def sign_in(client: httpx.AsyncClient, desk: Any) -> httpx.Response:
    page = await ask_for_code(client)
    return await client.post("/sign-in/code", data={**hidden(page), "code": desk.sender.sent[-1].code})


def visible(page: httpx.Response) -> str:
    """What stands on the page, without tags and without the signs that keep directions apart."""
    text = re.sub(r"<head>.*?</head>|<[^>]+>", " ", page.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", without_isolates(text))


async def test_the_whole_way_from_sign_in_to_sign_out(app: Starlette, desk: Any, samples: Any) -> None:
    async with browser(app) as client:
        start = await client.get("/")
        assert start.url.path == "/sign-in"
        cases = await sign_in(client, desk)
        assert cases.url.path == "/cases"
        assert "Old-age pension" in visible(cases)
        assert "IT-2026-0999" not in cases.text

        case = await client.get(f"/cases/{samples.CASE}")
        told = visible(case)
        assert "INPS must check which record is yours." in told
        assert "We expected it by 1 November 2026." in told
        assert "Since 2 September 2026" in told
        assert "The law says: by 10 December 2026." in told
        assert "€476.72 each month" in told

        career = await client.get("/career")
        assert "1 Apr 1985 to 31 Jan 1995" in visible(career)
        assert "Service Canada was asked on 2 September 2026 and has not answered yet." in visible(career)
        assert "Tunisia Not asked yet." in visible(career)

        decisions = await client.get(f"/cases/{samples.CASE}/decisions")
        assert "You completed 118 of 300 months in Germany, so your share is €476.72 a month." in visible(decisions)
        assert "Regulation (EC) No 883/2004 Art. 52(1)(b)(ii)" in visible(decisions)
        assert "Somebody else" not in decisions.text

        out = await client.post("/sign-out", data=hidden(decisions))
        assert "You are signed out." in visible(out)
        again = await client.get("/cases")
        assert again.url.path == "/sign-in"


async def test_she_reads_who_looked_at_her_case_and_why_the_newest_first(
    app: Starlette, desk: Any, samples: Any
) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        told = visible(await client.get(f"/cases/{samples.CASE}"))
    program = "10 November 2026 A computer program of INPS. Why: to work on your pension claim."
    person = "2 September 2026 A caseworker of INPS. Why: to work on your pension claim."
    assert f"Who looked at your case {program} {person} You may ask INPS" in told


async def test_a_case_that_nobody_looked_at_says_so(app: Starlette, desk: Any, samples: Any) -> None:
    desk.work.views.cases[0] = samples.case(seen_by=())
    async with browser(app) as client:
        await sign_in(client, desk)
        assert "Nobody has looked at it yet." in visible(await client.get(f"/cases/{samples.CASE}"))


async def test_a_caseworker_who_opens_a_case_twenty_times_a_day_is_one_line(
    app: Starlette, desk: Any, samples: Any
) -> None:
    (_, look) = samples.case().seen_by
    desk.work.views.cases[0] = samples.case(seen_by=(look,) * 20)
    async with browser(app) as client:
        await sign_in(client, desk)
        told = visible(await client.get(f"/cases/{samples.CASE}"))
    assert told.count("A caseworker of INPS.") == 1
    assert "Number of times: 20." in told


async def test_what_else_goes_on_stands_beside_her_claims_with_holder_day_and_what_comes_then(
    app: Starlette, desk: Any, samples: Any
) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        cases = await client.get("/cases")
        assert "A record that may be wrong" in visible(cases)
        assert "IT-9999-9999" not in cases.text
        told = visible(await client.get(f"/matters/{samples.MATTER}"))
        other = await client.get(f"/matters/{samples.OTHER_MATTER}")
    assert "We are waiting for: Deutsche Rentenversicherung and INPS." in told
    assert "It looks at your record again. Since 10 September 2026" in told
    assert "We expected it by 9 November 2026." in told
    assert "The law says: by 12 December 2026." in told
    assert "Then the record is put right, or you get the reason why not." in told
    assert "You can ask INPS why it is late." in told
    assert "A caseworker of INPS. Why: to work on your pension claim. Number of times: 3." in told
    assert other.status_code == 404


@pytest.mark.parametrize("language", languages())
async def test_a_thousand_looks_leave_the_page_short_and_none_unsaid(
    app: Starlette, desk: Any, samples: Any, language: str
) -> None:
    (look, *_) = samples.case().seen_by
    days = [replace(look, at=look.at - timedelta(days=number)) for number in range(1_000)]
    desk.work.views.cases[0] = samples.case(seen_by=tuple(days))
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await client.get(f"/cases/{samples.CASE}?lang={language}")
    assert "990" in visible(page)
    assert len(page.content) < 40_000


async def test_the_session_is_ended_on_the_server_and_not_only_in_the_browser(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        cases = await sign_in(client, desk)
        stolen = dict(client.cookies)
        await client.post("/sign-out", data=hidden(cases))
    async with browser(app) as thief:
        thief.cookies.update(stolen)
        assert (await thief.get("/cases")).url.path == "/sign-in"


async def test_another_workers_case_looks_like_a_page_that_is_not_there(
    app: Starlette, desk: Any, samples: Any
) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        other = await client.get(f"/cases/{samples.OTHER_CASE}")
        others_decisions = await client.get(f"/cases/{samples.OTHER_CASE}/decisions")
        nobody = await client.get(f"/cases/{UUID(int=0)}")
        no_id = await client.get("/cases/no-such-id")
    for page in (other, others_decisions, nobody, no_id):
        assert page.status_code == 404
        assert "We did not find this page" in page.text
        assert "IT-2026-0999" not in page.text


async def test_an_unknown_contact_sees_the_very_same_page(app: Starlette) -> None:
    pages = []
    for contact in ("+39 333 1234567", "+39 333 7654321"):
        async with browser(app) as client:
            page = await ask_for_code(client, contact)
            pages.append((page.status_code, page.url.path, visible(page), set(client.cookies)))
    assert pages[0] == pages[1]


async def test_a_wrong_code_is_explained_kindly_beside_its_field(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        page = await ask_for_code(client)
        code = desk.sender.sent[-1].code
        wrong = f"{(int(code) + 1) % 10**6:06}"
        for left in ("4 more tries", "3 more tries", "2 more tries", "1 more try."):
            refused = await client.post("/sign-in/code", data={**hidden(page), "code": wrong})
            assert refused.status_code == 422
            assert left in visible(refused)
            assert 'aria-invalid="true"' in refused.text
            assert "<title>Error: " in refused.text
        for tried in (wrong, code):
            over = await client.post("/sign-in/code", data={**hidden(page), "code": tried})
            assert "This code no longer works. Ask for a new one." in visible(over)
        assert "session" not in client.cookies


@pytest.mark.parametrize(
    ("contact", "told"),
    [("333 1234567", "needs + and the country code"), ("rosa@", "e-mail address is not complete")],
)
async def test_a_contact_that_cannot_be_one_is_shown_again_with_what_is_missing(
    app: Starlette, desk: Any, contact: str, told: str
) -> None:
    async with browser(app) as client:
        page = await ask_for_code(client, contact)
    assert page.status_code == 422
    assert told in visible(page)
    assert f'value="{contact}"' in page.text
    assert desk.sender.sent == []


async def test_an_idle_session_leads_back_to_sign_in_with_the_reason(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        desk.clock.forward(timedelta(minutes=31))
        page = await client.get("/cases")
    assert page.url.path == "/sign-in"
    assert "You were signed out to protect you." in visible(page)


async def test_reading_anything_without_a_session_leads_to_sign_in(app: Starlette, samples: Any) -> None:
    async with browser(app) as client:
        for address in ("/cases", f"/cases/{samples.CASE}", "/career", "/decisions"):
            assert (await client.get(address)).url.path == "/sign-in"


# --- hostile input


async def test_hostile_text_from_outside_is_shown_and_never_run(app: Starlette, desk: Any, samples: Any) -> None:
    hostile = replace(samples.INPS, name=HOSTILE)
    steps = tuple(replace(step, holder=hostile) for step in samples.case().steps)
    views = desk.work.views
    views.cases[0] = samples.case(reference=HOSTILE, contact_institution=hostile, steps=steps)
    countries = [
        replace(
            country,
            institution=country.institution and hostile,
            periods=tuple(replace(one, verified_by=one.verified_by and hostile) for one in country.periods),
            declared=tuple(replace(time, activity=HOSTILE) for time in country.declared),
        )
        for country in samples.career().countries
    ]
    views.careers[samples.WORKER] = replace(samples.career(), countries=(*countries,))
    views.decisions[0] = samples.decision(
        institution=hostile,
        decided_by=HOSTILE,
        agreement_name=HOSTILE,
        redress=samples.Redress(HOSTILE, way=HOSTILE, period=HOSTILE),
        why=(samples.WhyStep(HOSTILE, samples.Citation(HOSTILE, HOSTILE), HOSTILE, (("output", HOSTILE),)),),
    )
    async with browser(app) as client:
        await sign_in(client, desk)
        for address in ("/cases", f"/cases/{samples.CASE}", "/career", "/decisions"):
            page = await client.get(address)
            assert page.status_code == 200
            assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&gt;&lt;img src=x onerror=alert(2)&gt;" in page.text
            assert "<script" not in page.text
            assert "<img" not in page.text
            assert "{{7*7}}" in page.text


async def test_hostile_text_typed_into_a_form_comes_back_escaped(app: Starlette) -> None:
    async with browser(app) as client:
        page = await ask_for_code(client, HOSTILE, insurance_number=HOSTILE)
    assert page.status_code == 422
    assert "<script" not in page.text
    assert "<img" not in page.text


@pytest.mark.parametrize("query", ["lang=%3Cscript%3E", "lang=../../etc", "lang=", "over=%3Cscript%3E", "out"])
async def test_odd_addresses_change_nothing(app: Starlette, query: str) -> None:
    async with browser(app) as client:
        page = await client.get(f"/sign-in?{query}")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert "language" not in client.cookies


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "/cases/%22%3E%3Cscript%3E", "/%0d%0aX-Evil:%201"]
)
async def test_no_address_makes_a_page_that_leads_away(app: Starlette, path: str) -> None:
    async with browser(app) as client:
        page = await client.get(f"http://pages.example.org{path}")
    assert page.status_code == 404
    assert "evil" not in page.text.lower()
    assert "x-evil" not in page.headers
    assert "<script" not in page.text
    assert all(link.startswith(("/", "?", "#")) for link in re.findall(r'href="([^"]*)"', page.text))
    assert not re.search(r'href="/[/\\]', page.text)


async def test_a_form_from_elsewhere_is_refused(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        form = hidden(await client.get("/sign-in"))
        fields = {**form, "contact": "+39 333 1234567"}
        without = {name: value for name, value in fields.items() if name != "form_token"}
        for data in (without, {**fields, "form_token": "x" * 43}, {**fields, "form_token": "é"}):
            page = await client.post("/sign-in", data=data)
            assert page.status_code == 403
            assert "Please send the form again" in visible(page)
        client.cookies.clear()
        assert (await client.post("/sign-in", data=fields)).status_code == 403
    assert desk.sender.sent == []


async def test_a_form_of_one_browser_does_not_work_in_another(app: Starlette) -> None:
    async with browser(app) as first, browser(app) as second:
        form = hidden(await first.get("/sign-in"))
        await second.get("/sign-in")
        page = await second.post("/sign-in", data={**form, "contact": "+39 333 1234567"})
    assert page.status_code == 403


async def test_a_form_from_before_the_sign_in_does_not_work_after_it(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        before = hidden(await client.get("/sign-in"))
        await sign_in(client, desk)
        assert (await client.post("/sign-out", data=before)).status_code == 403
        assert (await client.get("/cases")).url.path == "/cases"


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"contact=" + b"x" * 5000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"f%d=1" % number for number in range(50)), "application/x-www-form-urlencoded", 400),
        (b"contact=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"contact=a%00b", "application/x-www-form-urlencoded", 400),
        (b"contact=\xff", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"", "", 415),
    ],
)
async def test_what_is_no_small_form_is_refused(app: Starlette, content: bytes, content_type: str, status: int) -> None:
    async with browser(app) as client:
        page = await client.post("/sign-in", content=content, headers={"content-type": content_type})
    assert page.status_code == status
    assert "Please send the form again" in visible(page)


async def test_too_many_codes_from_one_address_are_stopped_and_others_are_not(app: Starlette) -> None:
    async with browser(app, address="2001:db8::1") as client:
        for number in range(30):
            await ask_for_code(client, f"someone{number}@example.org")
    # The same /64: one household changes its address as it likes.
    async with browser(app, address="2001:db8::ffff") as client:
        page = await ask_for_code(client, "one-more@example.org")
        assert page.status_code == 429
        assert page.headers["retry-after"] == "3600"
        assert "Wait a while and try again." in visible(page)
    async with browser(app, address="2001:db8:0:1::1") as client:
        assert (await ask_for_code(client, "one-more@example.org")).status_code == 200


# --- headers, cookies, size


async def test_every_answer_carries_the_security_headers(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        answers = [await client.get(address) for address in ("/sign-in", "/nothing", "/style.css")]
        answers.append(await client.post("/sign-in"))
        answers.append(await sign_in(client, desk))
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; form-action 'self'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert answers[-1].headers["cache-control"] == "no-store"


async def test_an_error_of_ours_gives_a_page_with_headers_and_without_details(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        desk.work.views.decisions[0] = "not a decision, said the store of XX0000000001"
        page = await client.get("/decisions")
    assert page.status_code == 500
    assert "Something went wrong on our side" in visible(page)
    assert "XX0000000001" not in page.text
    assert "Traceback" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["cache-control"] == "no-store"


async def test_over_https_cookies_are_secure_and_bound_to_the_host(desk: Any) -> None:
    app = create_app(desk.use_cases, settings(https=True))
    async with browser(app, https=True) as client:
        client.follow_redirects = False
        form = await client.get("/sign-in")
        asked = await client.post("/sign-in", data={**hidden(form), "contact": "+39 333 1234567"})
        page = await client.get("/sign-in/code")
        opened = await client.post("/sign-in/code", data={**hidden(page), "code": desk.sender.sent[-1].code})
    cookies = [value for answer in (form, asked, opened) for value in answer.headers.get_list("set-cookie")]
    live = [cookie for cookie in cookies if "Max-Age=0" not in cookie]
    assert {cookie.partition("=")[0] for cookie in live} == {"__Host-visit", "__Host-challenge", "__Host-session"}
    for cookie in live:
        assert "HttpOnly" in cookie
        assert "Secure" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/" in cookie
    assert opened.headers["strict-transport-security"].startswith("max-age=")


async def test_over_plain_http_cookies_are_still_closed_to_scripts_and_other_sites(app: Starlette) -> None:
    async with browser(app) as client:
        (cookie,) = (await client.get("/sign-in")).headers.get_list("set-cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie


def test_a_short_form_key_is_refused_at_start(desk: Any) -> None:
    short = WebSettings(institution_name="INPS", form_key=b"short", https=True)
    with pytest.raises(ValueError, match="32 bytes"):
        create_app(desk.use_cases, short)


@pytest.mark.parametrize("language", languages())
async def test_a_first_view_is_under_fifty_kilobytes_in_every_language(
    app: Starlette, desk: Any, samples: Any, language: str
) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        style = len((await client.get("/style.css")).content)
        for address in ("/cases", f"/cases/{samples.CASE}", "/career", "/decisions", "/nothing"):
            page = await client.get(f"{address}?lang={language}")
            head = sum(len(name) + len(value) + 4 for name, value in page.headers.raw)
            assert 2000 < len(page.content) + head + style < 50_000


# --- languages and accessibility


@pytest.mark.parametrize("language", languages())
async def test_every_page_reads_in_every_language(app: Starlette, desk: Any, samples: Any, language: str) -> None:
    async with browser(app) as client:
        assert f'<html lang="{language}"' in (await client.get(f"/sign-in?lang={language}")).text
        code_page = await ask_for_code(client)
        assert f'<html lang="{language}"' in code_page.text
        await client.post("/sign-in/code", data={**hidden(code_page), "code": desk.sender.sent[-1].code})
        for address in ("/cases", f"/cases/{samples.CASE}", "/career", "/decisions", "/nothing"):
            page = await client.get(address)
            assert f'<html lang="{language}"' in page.text
            assert page.headers["content-language"] == language
    assert desk.sender.sent[-1].language == language


@pytest.mark.parametrize("branch", list(Branch))
async def test_a_case_of_every_branch_can_be_shown(app: Starlette, desk: Any, samples: Any, branch: Branch) -> None:
    desk.work.views.cases[0] = samples.case(branch=branch)
    async with browser(app) as client:
        await sign_in(client, desk)
        assert (await client.get(f"/cases/{samples.CASE}")).status_code == 200


@pytest.mark.parametrize(
    ("header", "language"),
    [("xx, en;q=0.5", "en"), ("*", "en"), ("en;q=nonsense", "en"), ("", "en"), ("," * 5000, "en")],
)
async def test_the_browsers_languages_are_read(app: Starlette, header: str, language: str) -> None:
    async with browser(app) as client:
        page = await client.get("/sign-in", headers={"accept-language": header})
    assert f'<html lang="{language}"' in page.text


async def test_pages_have_landmarks_one_heading_labels_and_no_script(app: Starlette, desk: Any, samples: Any) -> None:
    async with browser(app) as client:
        pages = [await client.get("/sign-in"), await ask_for_code(client), await sign_in(client, desk)]
        pages += [await client.get(path) for path in (f"/cases/{samples.CASE}", "/career", "/decisions", "/nothing")]
    for page in pages:
        assert page.text.count("<h1>") == 1
        for landmark in ("<header>", "<main id=", "<footer>", 'href="#content"'):
            assert landmark in page.text
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert not re.search(r"\son[a-z]+=", page.text)
        fields = re.findall(r'<input id="([^"]+)"', page.text)
        assert fields == re.findall(r'<label for="([^"]+)"', page.text)
        ids = re.findall(r'\sid="([^"]+)"', page.text)
        assert len(ids) == len(set(ids))
        described = " ".join(re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', page.text)).split()
        assert set(described) <= set(ids)


async def test_the_picture_of_the_career_says_the_same_in_words(app: Starlette, desk: Any) -> None:
    async with browser(app) as client:
        await sign_in(client, desk)
        page = await client.get("/career")
    labels = re.findall(r'<svg role="img" aria-label="([^"]+)"', page.text)
    assert labels == [
        "Germany: 1 April 1985 to 31 January 1995",
        "Italy: 1 June 1995 to 31 December 2010",
        "Canada: 1 March 2011 to 30 June 2024",
        "Tunisia: no time known",
    ]


async def test_a_worker_without_anything_is_told_so(app: Starlette, desk: Any, samples: Any) -> None:
    desk.work.views.cases.clear()
    desk.work.views.decisions.clear()
    desk.work.views.careers.clear()
    async with browser(app) as client:
        assert "There is no case here for you yet." in visible(await sign_in(client, desk))
        assert "Nothing is known yet about your working life." in visible(await client.get("/career"))
        assert "Nothing is decided yet." in visible(await client.get("/decisions"))


async def test_the_style_sheet_may_be_kept_and_changes_its_address_when_it_changes(app: Starlette) -> None:
    async with browser(app) as client:
        page = await client.get("/sign-in")
        (address,) = re.findall(r'href="(/style\.css\?v=[0-9a-f]{12})"', page.text)
        style = await client.get(address)
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]
    assert "url(" not in style.text
    assert "@import" not in style.text


async def test_a_protected_person_reads_why_places_are_not_shown(app: Starlette, desk: Any, samples: Any) -> None:
    desk.work.views.careers[samples.WORKER] = hidden_career(samples.career())
    desk.work.views.decisions[0] = hidden_decision(samples.decision())
    async with browser(app) as client:
        await sign_in(client, desk)
        career, decisions = visible(await client.get("/career")), visible(await client.get("/decisions"))
    for told in (career, decisions):
        assert "this page shows no places and no employers" in told
    assert "work in a restaurant" not in career
    assert "10704 Berlin" not in decisions
    assert "until 5 December 2026" in decisions
