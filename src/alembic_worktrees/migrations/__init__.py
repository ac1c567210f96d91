"""What do one checkout's files declare?"""
