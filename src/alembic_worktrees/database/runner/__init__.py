"""What runs in the project's own Python, asked for what is applied. Imports nothing of ours; Python 3.8."""
