"""Alembic's folder: env.py runs one migration after the other, versions/ holds them."""
