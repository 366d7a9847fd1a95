"""Counterparts to test against: real servers with their own stores, as strict as the gateway itself."""
