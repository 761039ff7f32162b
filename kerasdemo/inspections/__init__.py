"""What `preflight` looks at, one theme to a module; each gives findings and changes nothing."""
