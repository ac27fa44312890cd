"""What every program may be made of."""
