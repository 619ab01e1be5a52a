"""The tree is as docs and architecture say: namespace, import directions, layers, ports, errors."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT, imported, module_name, place, sources, tracked_files, tree

from portability.agreements import errors


def test_portability_is_a_namespace_without_an_init_file() -> None:
    found = [str(path.relative_to(ROOT)) for path in ROOT.glob("*/portability/__init__.py")]
    found += [str(path.relative_to(ROOT)) for path in ROOT.glob("protos/gen/**/__init__.py")]
    assert found == []


def test_imports_point_one_way() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout


def test_in_a_service_only_servicer_and_mapping_know_protobuf_and_grpc() -> None:
    wire = ("grpc", "google.protobuf", "google.type", "google.rpc", "portability.api", "protovalidate")
    strangers = [
        place(path, line)
        for path in sources("services")
        if path.name not in {"servicer.py", "mapping.py"} and "mapping" not in path.parent.name
        for line, module, _ in imported(path)
        if module.startswith(wire)
    ]
    assert strangers == []


def test_a_port_has_three_methods_at_most() -> None:
    too_wide = []
    for path in sources("services"):
        if path.name != "ports.py" and path.parent.name != "ports":
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases):
                # A property names another port: a unit of work is a bundle of them.
                methods = [
                    part
                    for part in node.body
                    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and not part.decorator_list
                ]
                if len(methods) > 3:
                    too_wide.append(f"{place(path, node.lineno)} {node.name} has {len(methods)}")
    assert too_wide == []


def test_the_error_tree_that_people_read_is_the_one_that_runs() -> None:
    drawn: dict[str, str] = {}
    parents = ["PortabilityError"]
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^    ([│ ]*)[├└]── (\w+)", line)
        if found:
            depth = len(found[1]) // 4 + 1
            parents[depth:] = [found[2]]
            drawn[found[2]] = parents[depth - 1]
    real = {
        name: kind.__bases__[0].__name__
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.PortabilityError) and kind is not errors.PortabilityError
    }
    assert drawn == real
    assert set(errors.__all__) == {*real, "PortabilityError"}


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = [getattr(errors, name) for name in errors.__all__]
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_nobody_defines_a_second_error_tree() -> None:
    tree_module = ROOT / "agreements" / "portability" / "agreements" / "errors.py"
    found = [
        place(path, node.lineno)
        for path in sources()
        if path != tree_module
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")  # a way out of one function
        and any(ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases)
        and not any(ast.unparse(base).endswith("HTTPException") for base in node.bases)  # how a web page says no
    ]
    assert found == []


# Migrations run inside alembic only.
MODULES = [pytest.param(path, id=module_name(path)) for path in sources() if "migrations" not in path.parts]


@pytest.mark.parametrize("path", MODULES)
def test_what_a_module_offers_exists(path: Path) -> None:
    module = importlib.import_module(module_name(path))
    missing = [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)]
    assert missing == []


def test_other_modules_take_only_what_a_module_offers() -> None:
    modules = {module_name(path) for path in sources()}
    offers = {}
    for path in sources():
        for node in tree(path).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                offers[module_name(path)] = set(ast.literal_eval(node.value))
    taken = [
        f"{place(path, line)} takes {name} of {module}"
        for path in sources()
        for line, module, name in imported(path)
        if module in offers and name not in offers[module] and f"{module}.{name}" not in modules
    ]
    assert taken == []


def test_no_file_speaks_of_where_it_was_made_or_downloaded() -> None:
    # Written in halves, so that this file does not find itself.
    told = [
        r"(?<![\w.])/wo" + r"rk/",
        r"/tm" + r"p/plan\b",
        r"py" + r"pi\.org/simple",
        r"files\.python" + r"hosted\.org",
        r"registry\.npm" + r"js\.org",
        r"repo1?\.maven\.(apache\.)?" + r"org",
        r"--(extra-)?index" + r"-url[ =]https?:",
    ]
    pattern = re.compile("|".join(told))
    found = []
    for path in tracked_files():
        if path.suffix in {".png", ".jar", ".bin", ".woff2"}:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
            if pattern.search(line):
                found.append(place(path, number))
    assert found == []
