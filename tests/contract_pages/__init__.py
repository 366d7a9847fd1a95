"""docs/contract: a page for each service, with messages that a network really exchanged.

    python -m tests.contract_pages.record    runs a network and writes its messages to docs/contract/messages
    python -m tests.contract_pages           writes the pages from the contract and those messages

A test compares the pages with both, and holds every message to the contract and to its signature.
"""
