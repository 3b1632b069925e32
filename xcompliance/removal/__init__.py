"""Removes a deployment with all it holds."""
