"""What is known of the templates and of the pinned packages, held against what was accepted of it."""
