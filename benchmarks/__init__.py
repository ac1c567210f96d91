"""How long it takes, and how that grows: `make bench` and `make growth` write RESULTS.md."""
