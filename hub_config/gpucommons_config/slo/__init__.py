"""Objectives of the platform, and the rules for Prometheus that are made of them."""
