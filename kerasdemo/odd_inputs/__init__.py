"""What people give a model instead of a batch, what each method makes of it, and why."""
