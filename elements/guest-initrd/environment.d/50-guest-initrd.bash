export DIB_INITRAMFS=${DIB_INITRAMFS:-initramfs-tools}
# Debian's kernel hooks leave the initrd alone; it is made once, when everything is in place.
export INITRD=No
