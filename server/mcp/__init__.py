"""MCP: the protocol core and the three transports that carry it."""
