"""A whole OpenStack on one machine: what a user needs to boot an image as Nova boots it.

Keystone, Glance, Placement, Nova on libvirt and QEMU without KVM, Neutron with Open vSwitch in user
space, and Cinder with Ceph. Each module knows one of them: its configuration, how its database is
made, and which processes it has. ``lifecycle`` puts them together.
"""
