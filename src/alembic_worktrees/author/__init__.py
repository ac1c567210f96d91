"""How does this branch write its own?"""
