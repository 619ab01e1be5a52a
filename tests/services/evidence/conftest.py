"""The worlds of the exchange and of the directory's keepers are importable by the tests of this folder."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE, HERE.parent / "exchange", HERE.parent / "registry"):
    sys.path.insert(0, str(folder))
