"""What do git hooks refuse and tell?"""
