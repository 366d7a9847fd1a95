"""Mutation of the refusals: every ``raise Refused(...)`` is switched off in turn, and a test must notice."""
