"""What does git say?"""
