"""One zeep client for each counterpart of the gateway; no client knows another."""
