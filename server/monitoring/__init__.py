"""Monitoring: the live page, health, metrics and SLO reports on a port of their own."""
