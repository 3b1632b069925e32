"""Promises of the synthesized templates."""
