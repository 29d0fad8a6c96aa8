"""Dashboards for Grafana, as code: what each shows, and the JSON that Grafana reads."""
