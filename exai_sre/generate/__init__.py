"""SLOs and catalog in; rules, Alertmanager configuration, tests, runbooks and dashboards out."""
