"""Message security: WS-Security X.509 signatures over SOAP 1.1, by message profile 1, both ways.

``verify`` turns bytes into a VerifiedMessage or raises Refused; ``sign`` turns a body into signed bytes.
Nothing unverified leaves this room.
"""
