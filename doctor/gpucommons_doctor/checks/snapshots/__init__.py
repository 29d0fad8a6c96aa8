"""The checks of snapshots of people's files, as what takes them notes it on their claims."""
