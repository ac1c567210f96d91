"""What is applied?"""
