"""Processes; safe reading and writing."""
