"""The documents' own examples, run."""
