"""Who is this, and may it do that: certificates to counterparts, roles to operations (step 11)."""

from gateway.access.admission import Admission, Peer
from gateway.access.counterparts import Counterparts
from gateway.access.policy import callers_of

__all__ = ["Admission", "Counterparts", "Peer", "callers_of"]
