"""Looks at what is about to be deployed, before anything is created."""
