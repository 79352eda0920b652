"""A whole OpenStack on one machine: what a user needs to boot an image as Nova boots it.

Keystone, Glance, Placement, Nova on libvirt and QEMU without KVM, and Neutron with Open vSwitch in
user space. Each module knows one of them: its configuration, how its database is made, and which
processes it has. ``lifecycle`` puts them together.
"""
