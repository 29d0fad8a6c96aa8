"""Queries of dashboards, on a real Prometheus."""
