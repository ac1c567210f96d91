"""What runs in the project's own Python? Nothing of ours is there to be imported; Python 3.8."""
