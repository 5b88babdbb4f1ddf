"""Calls that the platform makes to addresses which people have written down."""
