"""The uploads that are measured, each the program of a process of its own."""
