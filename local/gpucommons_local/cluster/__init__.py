"""Kubernetes on one node: its programs, its rights."""
