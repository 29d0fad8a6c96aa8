"""From a selection to a pod."""
