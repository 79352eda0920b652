export DIB_INITRAMFS=${DIB_INITRAMFS:-initramfs-tools}
export DIB_INITRD_DRIVERS=${DIB_INITRD_DRIVERS:-virtual}
# Debian's kernel hooks leave the initrd alone; it is made once, when everything is in place.
export INITRD=No
