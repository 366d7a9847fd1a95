"""One zeep client for each counterpart of the gateway; no client knows another.

``clients.connect.connect`` makes the channel that a client is given.
"""
