"""What people should be told: when, to whom, and whether it is still wanted when its message
leaves.
"""
