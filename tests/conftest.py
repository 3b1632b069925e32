"""What all tests share: a slow machine is no failure, and a failure is one on every machine."""

from hypothesis import Phase, settings

settings.register_profile("here", deadline=None, derandomize=True, print_blob=False)
settings.register_profile("unshrunk", settings.get_profile("here"), phases=[Phase.explicit, Phase.generate])
settings.load_profile("here")
