"""Write the table of docs/access.md: each RPC of the protos, and who may call it as the access policies decide.

.venv/bin/python tools/access_table.py           writes it
.venv/bin/python tools/access_table.py --check   exits 1 where it is out of date
"""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from portability.adapters.access.cedar import CedarPolicy
from portability.agreements.errors import DeniedError
from portability.services.access import Caller, Role

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "access.md"
GENERATED = ROOT / "protos" / "gen"
TABLE = re.compile(r"(<!-- access: .*? -->\n).*?(<!-- /access -->)", re.DOTALL)
NODE = "de-drv"
SERVERS_OWN = (
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/List",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
)
CALLERS = {
    "caseworker": Caller(NODE, Role.CASEWORKER, "anna"),
    "cleared caseworker": Caller(NODE, Role.CLEARED_CASEWORKER, "vera"),
    "system": Caller(NODE, Role.SYSTEM, "pensions"),
    "administrator": Caller(NODE, Role.ADMINISTRATOR, "karl"),
    "peer": Caller("it-inps", Role.PEER, "node-1"),
    "worker, signing in": Caller(NODE, Role.WORKER, "page"),
    "worker": Caller(NODE, Role.WORKER, "page", UUID(int=1)),
}


def rpcs() -> Iterator[str]:
    """Every RPC that the protos name, as on the wire."""
    for path in sorted((GENERATED / "portability").rglob("*_pb2.py")):
        module = importlib.import_module(".".join(path.relative_to(GENERATED).with_suffix("").parts))
        for service in module.DESCRIPTOR.services_by_name.values():
            yield from (f"/{service.full_name}/{method.name}" for method in service.methods)


def may(policy: CedarPolicy, caller: Caller, rpc: str) -> bool:
    """Whether the policies permit it."""
    try:
        policy.check(caller, rpc)
    except DeniedError:
        return False
    return True


def table() -> str:
    """The table as it ought to be, in Markdown."""
    policy = CedarPolicy.shipped(NODE)
    lines = ["| RPC | " + " | ".join(CALLERS) + " |", "|---" * (len(CALLERS) + 1) + "|"]
    for rpc in (*rpcs(), *SERVERS_OWN):
        cells = ("yes" if may(policy, caller, rpc) else "" for caller in CALLERS.values())
        lines.append(f"| `{rpc.removeprefix('/').removeprefix('portability.api.')}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    page = PAGE.read_text(encoding="utf-8")
    wanted = TABLE.sub(lambda found: found[1] + table() + found[2], page)
    if page == wanted:
        return 0
    if "--check" in sys.argv:
        print("out of date: docs/access.md; run tools/access_table.py and read the difference")
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    print("wrote docs/access.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
