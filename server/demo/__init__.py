"""The scripted demo: an outage from fault to recovery, measured against its prediction."""
