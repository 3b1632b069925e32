"""All readers against a naive one that was written from docs/input.md."""
