"""What the commands read and write on disk: configuration, handouts, audit log."""
