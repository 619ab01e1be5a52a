"""Write the files that are generated from the treaty files: the register and the JSON Schemas.

.venv/bin/python tools/agreement_files.py           writes them
.venv/bin/python tools/agreement_files.py --check   exits 1 and names those that are out of date
"""

import sys
from pathlib import Path

from portability.agreements.national.legislation import LegislationFile
from portability.agreements.packaged import stated_agreements
from portability.agreements.register import register_text, schema_text
from portability.agreements.rules import AgreementFile

ROOT = Path(__file__).resolve().parent.parent / "agreements"


def main() -> int:
    wanted = {
        ROOT / "portability" / "treaties" / "register.yaml": register_text(stated_agreements().values()),
        ROOT / "agreement.schema.json": schema_text(AgreementFile),
        ROOT / "legislation.schema.json": schema_text(LegislationFile),
    }
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if "--check" not in sys.argv:
            path.write_text(wanted[path], encoding="utf-8")
        print(("out of date: " if "--check" in sys.argv else "wrote ") + str(path.relative_to(ROOT.parent)))
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
