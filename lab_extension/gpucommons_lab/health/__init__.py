"""What is wrong with the session itself: its home folder, its memory."""
