"""What we measure, beside the floor that physics sets and the figures of others."""
