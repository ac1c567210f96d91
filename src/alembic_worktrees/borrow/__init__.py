"""What is missing here, and how does it come?"""
