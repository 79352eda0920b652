"""What is done to the server of a proof, step by step.

A step returns what was seen of it. It raises ``CheckFailed``, ``TimeoutError`` where something has
not come within its limit, ``CheckSkipped`` where it cannot be made, and ``CloudError``.
"""
