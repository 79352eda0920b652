# The debootstrap element would configure eth0 and eth1 for ifupdown, which is not installed.
export DIB_APT_MINIMAL_CREATE_INTERFACES=0
