"""Is what git records complete? Reads only."""
