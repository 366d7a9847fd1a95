"""MessageIDs of our own are UUIDs of version 4 as RFC 9562 writes them."""

from __future__ import annotations

import uuid

from gateway.wss.sign import new_message_id


def test_a_message_id_is_a_random_uuid() -> None:
    found = {new_message_id() for _ in range(64)}
    assert len(found) == 64
    for one in found:
        read = uuid.UUID(one)
        assert (read.urn, read.version, read.variant) == (one, 4, uuid.RFC_4122)
