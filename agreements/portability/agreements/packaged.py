"""The treaty and legislation files that ship with the package, loaded and checked once.

The only module of the law core that reads files: package data, through importlib.resources, nothing else.
"""

import hashlib
from functools import cache
from importlib.resources import files

from portability.agreements.errors import AgreementError
from portability.agreements.incorporation import with_incorporated
from portability.agreements.loading import Agreement, load_agreement
from portability.agreements.national.legislation import Legislation, load_legislation
from portability.agreements.values import StateCode

__all__ = ["agreement", "agreements", "legislation", "legislations", "packaged_texts", "stated_agreements"]


REGISTER = "register.yaml"  # generated from the treaty files beside it, no treaty itself


def packaged_texts(folder: str) -> dict[str, str]:
    """File name and text of every YAML file of `treaties`, `legislation` or `examples`, in order of name.

    The register is left out. Large sets of examples stand in `examples`, so that only those who run them read them.
    """
    entries = files(f"portability.{folder}").iterdir()
    found = [entry for entry in entries if entry.name.endswith(".yaml") and entry.name != REGISTER]
    return {entry.name: entry.read_text(encoding="utf-8") for entry in sorted(found, key=lambda one: one.name)}


@cache
def agreements() -> dict[str, Agreement]:
    """Every packaged agreement by its id. Raises AgreementError where a file is wrong: start-up fails."""
    stated = stated_agreements()
    return {one.id: with_incorporated(one, stated) for one in stated.values()}


@cache
def stated_agreements() -> dict[str, Agreement]:
    """Every packaged agreement as its file states it, without the rules that it takes over from another one."""
    loaded = (load_agreement(text, name) for name, text in packaged_texts("treaties").items())
    return {one.id: one for one in loaded}


@cache
def legislations() -> dict[StateCode, Legislation]:
    """Every packaged legislation by its state. Raises AgreementError where a file is wrong."""
    loaded = [
        load_legislation(text, name, sha256=hashlib.sha256(text.encode()).hexdigest())
        for name, text in packaged_texts("legislation").items()
    ]
    return {one.content.state: one for one in loaded}


def agreement(agreement_id: str) -> Agreement:
    """One packaged agreement; AgreementError naming those that there are."""
    if agreement_id not in agreements():
        raise AgreementError(f"There is no agreement '{agreement_id}'. Known: {', '.join(agreements())}.")
    return agreements()[agreement_id]


def legislation(state: StateCode) -> Legislation:
    """The packaged legislation of one state; AgreementError naming those that there are."""
    if state not in legislations():
        raise AgreementError(f"No legislation of {state} is encoded. Encoded: {', '.join(legislations())}.")
    return legislations()[state]
