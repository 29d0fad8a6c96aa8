"""Who used which GPUs, for how long: records of sessions, and what follows from them."""
