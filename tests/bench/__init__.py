"""What the platform costs and how late it is, measured; no part of the tests."""
