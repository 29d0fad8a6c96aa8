"""What sessions held, did and cost, summed up. Pure."""
