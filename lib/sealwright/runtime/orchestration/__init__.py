"""What a mission does: the record of its steps."""
