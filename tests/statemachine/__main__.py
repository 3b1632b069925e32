"""Writes docs/machines.md, which shows the machines as they are defined."""

from tests.statemachine.drawing import DOCUMENT, document

DOCUMENT.write_text(document(), encoding="utf-8")
