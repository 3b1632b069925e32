"""The examples of docs/sql.md, and the SQL in other documents."""

import re
from typing import Final

from cdk.bundling import ROOT
from tests.documents.reading import DOCUMENTS, blocks

TEXT: Final = (ROOT / "docs" / "sql.md").read_text(encoding="utf-8")
QUERIES: Final = re.findall(r"^```sql\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS: Final = [
    line for block in re.findall(r"^```sh\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE) for line in block.splitlines()
]
ELSEWHERE: Final = [sql for document in DOCUMENTS if document.name != "sql.md" for sql in blocks(document, "sql")]
