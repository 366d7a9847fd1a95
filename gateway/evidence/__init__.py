"""Evidence, pure: what is written down of every message, how it is chained, sealed and checked.

entry.py has the texts that are digested, seal.py the signed statement over the chains' heads,
chain_check.py and seal_check.py find what was changed, signature.py is what is kept of a message's own
signature. Tables, sealing and copying live in gateway.store; standalone.py is the program that goes with
an export and imports nothing of ours.
"""

from gateway.evidence.chain_check import ChainCheck, Finding, Kept
from gateway.evidence.entry import (
    ChainStart,
    Entry,
    Head,
    Lost,
    Signature,
    chain_text,
    entry_text,
    link_of,
    parse_chain,
)
from gateway.evidence.seal import Seal, SealUnreadable, parse_seal, seal_file, signed_seal
from gateway.evidence.seal_check import SealCheck
from gateway.evidence.signature import (
    signature_holds,
    signature_made,
    signature_of,
    signature_verified,
    signed_info_of,
)

__all__ = [
    "ChainCheck",
    "ChainStart",
    "Entry",
    "Finding",
    "Head",
    "Kept",
    "Lost",
    "Seal",
    "SealCheck",
    "SealUnreadable",
    "Signature",
    "chain_text",
    "entry_text",
    "link_of",
    "parse_chain",
    "parse_seal",
    "seal_file",
    "signature_holds",
    "signature_made",
    "signature_of",
    "signature_verified",
    "signed_info_of",
    "signed_seal",
]
