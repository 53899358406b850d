"""The EX-AI MCP server: thin; everything observable comes from exai_sre."""
