"""How is it said, in which language?"""
