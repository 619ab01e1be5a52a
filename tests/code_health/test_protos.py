"""The contract: generated code is fresh, every RPC is open to somebody by name, served, and tested."""

import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from repository import ROOT, module_name, sources

GENERATED = ROOT / "protos" / "gen"
TOOL = ROOT / "tools" / "protos.py"


def generated(suffix: str) -> Iterator[ModuleType]:
    for path in sorted((GENERATED / "portability").rglob(f"*{suffix}.py")):
        yield importlib.import_module(".".join(path.relative_to(GENERATED).with_suffix("").parts))


def services() -> list[ServiceDescriptor]:
    return [service for module in generated("_pb2") for service in module.DESCRIPTOR.services_by_name.values()]


def rpcs() -> list[MethodDescriptor]:
    return [method for service in services() for method in service.methods]


def full_name(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def protos(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TOOL), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_generated_code_is_fresh() -> None:
    finished = protos("--check")
    assert finished.returncode == 0, finished.stderr


def test_the_protos_are_linted_and_formatted() -> None:
    finished = protos("--lint")
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_a_change_that_breaks_readers_is_noticed(tmp_path: Path) -> None:
    # A copy of the repository in which one field number changes.
    for name in ("tools", "protos"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("gen"))
    git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "before"]):
        subprocess.run([*git, *arguments], cwd=tmp_path, check=True)
    command = [sys.executable, "tools/protos.py", "--breaking", "HEAD"]
    unchanged = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert unchanged.returncode == 0, unchanged.stdout + unchanged.stderr
    common = tmp_path / "protos/portability/api/common/v1/common.proto"
    text = common.read_text()
    common.write_text(text.replace("string amount = 2 ", "string amount = 12 "))
    assert common.read_text() != text
    changed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert changed.returncode == 1
    assert "common.proto" in changed.stdout


def test_every_rpc_is_open_to_somebody_by_a_policy_and_the_table_for_people_says_to_whom() -> None:
    command = [sys.executable, str(ROOT / "tools" / "access_table.py"), "--check"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    table = (ROOT / "docs" / "access.md").read_text()
    names = [full_name(method).removeprefix("/portability.api.") for method in rpcs()]
    assert [name for name in names if not re.search(rf"^\| `{re.escape(name)}` \|.*yes", table, re.MULTILINE)] == []


def test_every_name_in_the_access_schema_is_of_an_rpc_that_exists() -> None:
    schema = (ROOT / "services/portability/services/policies/access.cedarschema").read_text()
    named = set(re.findall(r'"([\w.]+/\w+)"', schema))
    ours = {full_name(method).removeprefix("/portability.api.") for method in rpcs()}
    assert {name for name in named - ours if not name.startswith("grpc.")} == set()


def test_request_and_response_are_named_for_their_rpc() -> None:
    wrong = [
        full_name(method)
        for method in rpcs()
        if (method.input_type.name, method.output_type.name) != (f"{method.name}Request", f"{method.name}Response")
    ]
    assert wrong == []


@pytest.mark.parametrize("service", [pytest.param(service, id=service.name) for service in services()])
def test_every_rpc_is_served(service: ServiceDescriptor) -> None:
    for path in sources("services"):
        if path.name == "servicer.py":
            importlib.import_module(module_name(path))
    package = service.full_name.rpartition(".")[0]
    (stubs,) = [
        module
        for module in generated("_pb2_grpc")
        if module.__name__.startswith(f"{package}.") and hasattr(module, f"{service.name}Servicer")
    ]
    base = getattr(stubs, f"{service.name}Servicer")
    missing = {
        method.name
        for method in service.methods
        if all(getattr(kind, method.name) is getattr(base, method.name) for kind in base.__subclasses__())
    }
    assert base.__subclasses__(), f"nothing serves {service.full_name}"
    assert missing == set()


def test_every_rpc_is_called_by_a_test() -> None:
    here = Path(__file__).parent
    texts = [path.read_text() for path in (ROOT / "tests").rglob("*.py") if here not in path.parents]
    untested = [full_name(method) for method in rpcs() if not any(f".{method.name}(" in text for text in texts)]
    assert untested == []
