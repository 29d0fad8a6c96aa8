"""What came of snapshots, copies and requests, and what is noted of it."""
