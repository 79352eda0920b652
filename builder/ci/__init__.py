"""Scheduled builds: the definitions of jobs that a CI runs each night.

``nightly`` says what is wanted, ``steps`` what a night does, and a module for each CI how that is
said in its words. All pure, but for ``images``, which reads profiles, ``paths``, which names files
from the repository's top, and ``committed``, which reads and writes the definition.
"""
