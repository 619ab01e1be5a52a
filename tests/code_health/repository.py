"""What the checks of this folder share: where the code is and how it is read."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORT_ROOTS = ("agreements", "services", "adapters", "deploy")


def sources(*folders: str) -> Iterator[Path]:
    """Python files of ours, without generated ones."""
    for folder in folders or IMPORT_ROOTS:
        yield from sorted((ROOT / folder / "portability").rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def module_name(path: Path) -> str:
    """Name under which a file is imported."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    parts = parts[parts.index("portability") :]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[tuple[int, str, str | None]]:
    """Line, module and name (None for `import module`) of every import in a file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, node.module, alias.name) for alias in node.names)


def tracked_files() -> Iterator[Path]:
    """Files under version control that are there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    yield from (path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file())


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"
