"""`make mutants`: what do the tests notice? Small mistakes are made in a copy of the tree, one at a time."""
