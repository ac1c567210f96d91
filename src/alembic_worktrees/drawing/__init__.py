"""Pictures of the revision graph: each module turns a `Picture` into one format. Pure: value → text."""
