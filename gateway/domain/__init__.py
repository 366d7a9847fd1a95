"""Domain values of the 住基 (resident register) world: frozen, validated, masked; no XML, SQL or network.

Facts, their sources and our own rules are listed in docs/domain.md.
"""
