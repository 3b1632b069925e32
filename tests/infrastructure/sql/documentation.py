"""The examples of docs/sql.md."""

import re
from typing import Final

from cdk.bundling import ROOT

TEXT: Final = (ROOT / "docs" / "sql.md").read_text(encoding="utf-8")
QUERIES: Final = re.findall(r"^```sql\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS: Final = [
    line for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE) for line in block.splitlines()
]
