"""A fleet on many machines: Dask hands out the steps, and a store has what they make.

Only this package needs what ``pip install guest-image-builder[fleet]`` adds.
"""
