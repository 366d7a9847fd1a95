"""Measures what a signed round trip costs: ``python -m tests.bench``; report in ``build/bench/``."""
