"""Long runs under SIGKILL: ``python -m tests.soak [--seed N] [--kills N]``."""
