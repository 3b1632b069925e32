"""``python -m tests.infrastructure.released``."""

from tests.infrastructure.released import main

main()
