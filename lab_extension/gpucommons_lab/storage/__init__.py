"""What takes the room in the home folder, and how to get some back."""
