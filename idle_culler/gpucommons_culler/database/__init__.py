"""What the culler remembers: the audit, countdowns, leases and exemptions."""
