"""PostgreSQL and Valkey from their wheels, for one machine with nothing else installed.

This package stands alone: it needs no Django settings, because it runs before they can be read.
It is for development and small installations, and it is not highly available.
"""
