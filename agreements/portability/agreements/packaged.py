"""The treaty and legislation files that ship with the package, loaded and checked once.

With `sentences` the only module of the law core that reads files: package data, through importlib.resources.
"""

import hashlib
from functools import cache
from importlib.resources import files

from portability.agreements.errors import AgreementError
from portability.agreements.incorporation import with_incorporated
from portability.agreements.loading import Agreement, load_agreement, load_examples
from portability.agreements.national.legislation import Legislation, load_legislation
from portability.agreements.rules import ExampleFile
from portability.agreements.values import StateCode

__all__ = [
    "agreement", "agreements", "example_sets", "legislation", "legislations", "names", "packaged_text",
    "packaged_texts", "stated_agreements",
]  # fmt: skip


REGISTER = "register.yaml"  # generated from the treaty files beside it, no treaty itself


def packaged_texts(folder: str) -> dict[str, str]:
    """File name and text of every YAML file of `treaties`, `legislation` or `examples`, in order of name.

    The register is left out. Large sets of examples stand in `examples`, so that only those who run them read them.
    """
    return {f"{name}.yaml": packaged_text(folder, f"{name}.yaml") for name in names(folder)}


@cache
def names(folder: str) -> tuple[str, ...]:
    """The names of the YAML files of a folder without their ending, in order: ids of agreements, codes of states."""
    entries = (entry.name for entry in files(f"portability.{folder}").iterdir())
    return tuple(sorted(one.removesuffix(".yaml") for one in entries if one.endswith(".yaml") and one != REGISTER))


def agreements() -> dict[str, Agreement]:
    """Every packaged agreement by its id. Raises AgreementError where a file is wrong: start-up fails."""
    return {name: agreement(name) for name in names("treaties")}


def stated_agreements() -> dict[str, Agreement]:
    """Every packaged agreement as its file states it, without the rules that it takes over from another one."""
    return {name: _stated(name) for name in names("treaties")}


def legislations() -> dict[StateCode, Legislation]:
    """Every packaged legislation by its state. Raises AgreementError where a file is wrong."""
    return {name.upper(): legislation(name.upper()) for name in names("legislation")}


def example_sets() -> tuple[ExampleFile, ...]:
    """Every packaged set of examples that stands in a file of its own."""
    return tuple(load_examples(text, file)[0] for file, text in packaged_texts("examples").items())


@cache
def agreement(agreement_id: str) -> Agreement:
    """One packaged agreement; AgreementError naming those that there are. Reads its file, and the one it takes over."""
    if agreement_id not in names("treaties"):
        raise AgreementError(f"There is no agreement '{agreement_id}'. Known: {', '.join(names('treaties'))}.")
    stated = _stated(agreement_id)
    taken = stated.content.incorporates
    known = {taken.agreement: _stated(taken.agreement)} if taken and taken.agreement in names("treaties") else {}
    return with_incorporated(stated, known)


@cache
def legislation(state: StateCode) -> Legislation:
    """The packaged legislation of one state; AgreementError naming those that there are. Only its file is read."""
    if state.lower() not in names("legislation"):
        encoded = ", ".join(name.upper() for name in names("legislation"))
        raise AgreementError(f"No legislation of {state} is encoded. Encoded: {encoded}.")
    file = f"{state.lower()}.yaml"
    text = packaged_text("legislation", file)
    return load_legislation(text, file, sha256=hashlib.sha256(text.encode()).hexdigest())


@cache
def _stated(agreement_id: str) -> Agreement:
    file = f"{agreement_id}.yaml"
    return load_agreement(packaged_text("treaties", file), file)


def packaged_text(folder: str, file: str) -> str:
    """The text of one YAML file of `treaties`, `legislation` or `examples`."""
    return files(f"portability.{folder}").joinpath(file).read_text(encoding="utf-8")
