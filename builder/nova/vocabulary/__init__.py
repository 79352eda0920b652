"""Image properties by name: what each may be, what Nova makes of it, and since which release.

Sources: Nova 34's ``nova/objects/image_meta.py`` (names, types, and the history of its versions),
``nova/objects/fields.py`` (enumerations) and ``nova/virt`` (what is made of them); the release of a
property is the first in whose code it is read. Glance 33's ``etc/metadefs``; the SCS standard 0102,
version 1.1.
"""
