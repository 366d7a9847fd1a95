"""Random inputs by the million: ``python -m tests.fuzz``."""
