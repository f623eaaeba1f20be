"""The cases of `make_fixtures.py`, a module a concept."""
