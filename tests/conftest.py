"""What all tests share: a slow machine is no failure, and a failure is one on every machine."""

from hypothesis import settings

settings.register_profile("here", deadline=None, derandomize=True, print_blob=False)
settings.load_profile("here")
