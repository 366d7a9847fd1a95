"""``python -m gateway.cli``: the same as the command ``juki-gateway``."""

from gateway.cli import main

if __name__ == "__main__":
    main()
