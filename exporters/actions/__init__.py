"""What is done against an attack, where the operator wants that: a script is run, or routes are announced.

Nothing is imported here: the settings are read by daemons that do none of it.
"""
