"""Where is the Alembic project, how is it configured?"""
