"""Pictures of the revision graph: a `Picture` becomes text or SVG. Pure: value → text."""
