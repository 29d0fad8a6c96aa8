"""Whether somebody who signed in may stay, and what happens to their sessions if not."""
