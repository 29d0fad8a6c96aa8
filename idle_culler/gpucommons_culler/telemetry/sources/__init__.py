"""Where signals come from: a class for each, which asks once for all sessions."""
