"""Nova's rules about image properties and extra specs, by subject.

Each rule is a function that yields what Nova has against a request. Sources: Nova 34's
``nova/virt/hardware.py``, ``nova/compute/api.py``, ``nova/scheduler/utils.py`` and
``nova/virt/libvirt``.
"""
