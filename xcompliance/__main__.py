"""``python -m xcompliance``: the same as the command."""

from xcompliance.cli import main

main()
