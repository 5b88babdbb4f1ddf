"""Conditions of schedules: what they can say, and what follows from it.

Two forms: a structured list of checks (``conditions``), and an expression in CEL
(``conditional_expression``); given both, both have to hold. This package reads and reckons only.
A worker looks at the world for it: ``executions/conditions/``.
"""
