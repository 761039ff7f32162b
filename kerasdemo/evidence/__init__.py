"""What `kerasdemo.claims` is made of: a short measuring function for each claim, by theme."""
