"""The culler's pages and API below ``/services/idle/``."""
