"""How is it called, what does it print?"""
