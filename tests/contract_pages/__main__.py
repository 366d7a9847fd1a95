"""Writes the pages of docs/contract anew; the messages stay as they are."""

from __future__ import annotations

from tests.contract_pages.kept import PAGES
from tests.contract_pages.pages import pages

if __name__ == "__main__":
    for old in PAGES.glob("*.md"):
        old.unlink()
    for name, text in pages().items():
        (PAGES / name).write_text(text, encoding="utf-8")
