"""The page of a treaty: everything that its file says, well-formed, with nothing that runs or is loaded."""

from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from portability.agreements import packaged
from portability.agreements.citations import article_order
from portability.app.commands.agreements import app

VOID = {"meta", "br", "link", "hr", "img", "input"}


class Page(HTMLParser):
    """Elements with their attributes, the text, and the order of headings; a tag that is not closed is an error."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def rendered(name: str) -> str:
    finished = CliRunner().invoke(app, ["render", name])
    assert finished.exit_code == 0, finished.output
    return finished.stdout


@pytest.fixture(scope="module")
def regulation() -> Page:
    return Page(rendered("eu-883-2004"))


def test_the_page_says_everything_that_the_file_says(regulation: Page) -> None:
    content = packaged.agreement("eu-883-2004").content
    squeezed = regulation.text.replace(" ", "")
    ids = {attributes.get("id") for _, attributes in regulation.elements}
    assert {f"rule-{rule.id}" for rule in content.rules} <= ids
    for words in (
        content.title,
        *(rule.cite for rule in content.rules),
        *(gap.what for gap in content.not_modelled),
        *(case.title for case in content.examples),
        *(text.title for text in content.instruments),
    ):
        assert "".join(words.split()) in squeezed, words


def test_the_page_runs_nothing_and_loads_nothing(regulation: Page) -> None:
    tags = {tag for tag, _ in regulation.elements}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "form"})
    assert not any(name.startswith("on") for _, attributes in regulation.elements for name in attributes)
    policies = [one["content"] for tag, one in regulation.elements if tag == "meta" and "http-equiv" in one]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_the_page_can_be_read_with_a_screen_reader_and_on_a_phone(regulation: Page) -> None:
    elements = regulation.elements
    assert ("html", {"lang": "en"}) in elements
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in elements
    ids = [str(attributes["id"]) for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [str(one["href"])[1:] for tag, one in elements if tag == "a" and str(one["href"]).startswith("#")]
    assert set(targets) <= set(ids)
    assert {str(one["aria-labelledby"]) for _, one in elements if "aria-labelledby" in one} <= set(ids)
    levels = [int(tag[1]) for tag, _ in elements if tag in {"h1", "h2", "h3", "h4"}]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_articles_stand_in_their_order() -> None:
    places = ["Art. 52(1)(b)", "Art. 6", "Art. 52(1)(a)", "Art. 13", "Art. 2(1)"]
    assert sorted(places, key=article_order) == ["Art. 2(1)", "Art. 6", "Art. 13", "Art. 52(1)(a)", "Art. 52(1)(b)"]
    assert sorted(["Art. X", "Art. IX", "Art. XIII(2)"], key=article_order) == ["Art. IX", "Art. X", "Art. XIII(2)"]


def test_what_a_file_says_is_text_and_never_markup(tmp_path: Path) -> None:
    text = packaged.packaged_texts("treaties")["ca-it.yaml"]
    text = text.replace("title: Agreement on", 'title: "<script>alert(1)</script> Agreement on', 1)
    text = text.replace("and the Italian Republic\nkind", 'and the Italian Republic"\nkind', 1)
    text = text.replace("official: https://laws-lois", "official: javascript:laws-lois", 1)
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    page = Page(rendered(str(tmp_path / "mine.yaml")))
    assert "script" not in {tag for tag, _ in page.elements}
    assert not any(str(one.get("href", "")).startswith("javascript") for _, one in page.elements)


def test_a_page_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    finished = CliRunner().invoke(app, ["render", "mercosur", "--out", str(tmp_path / "page.html")])
    assert finished.exit_code == 0
    assert finished.stdout == ""
    assert Page((tmp_path / "page.html").read_text(encoding="utf-8")).text.count("Southern Common Market") > 1


def test_a_page_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    finished = CliRunner().invoke(app, ["render", "mercosur", "--out", str(tmp_path / "nowhere" / "page.html")])
    assert "cannot be written: No such file or directory." in str(finished.exception)


def test_a_test_that_differs_shows_what_came_out(tmp_path: Path) -> None:
    text = packaged.packaged_texts("treaties")["ca-it.yaml"]
    (tmp_path / "mine.yaml").write_text(text.replace('expect: {flat_rate: "60.00"}', 'expect: {flat_rate: "61.00"}'))
    assert "61.00 expected; 60 came out" in Page(rendered(str(tmp_path / "mine.yaml"))).text
