"""Days, months and periods of the site's calendar."""
