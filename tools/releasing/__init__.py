"""What `make release` stands on: the state of the checkout, and what an archive may hold."""
