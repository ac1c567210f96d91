"""What each subcommand does: options in, printing out, an exit status back. Loaded one at a time."""
