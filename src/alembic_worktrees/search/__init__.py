"""Where else does a migration lie?"""
