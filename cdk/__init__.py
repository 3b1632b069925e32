"""The infrastructure: settings, two stacks, and a construct file for each concern."""
