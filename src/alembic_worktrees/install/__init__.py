"""What does init write?"""
