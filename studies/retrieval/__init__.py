"""Recall as a study: what the command `recall` does.

- `run` — from files to outcomes; `tables`, `figures`, `page` — to be looked at.
"""
