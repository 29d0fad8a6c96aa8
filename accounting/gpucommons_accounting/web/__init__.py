"""Pages and API below ``/services/gpu/``."""
