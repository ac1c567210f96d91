"""Where does each checkout stand, what next?"""
