#!/bin/sh
# Write the boot loader's configuration anew.
if command -v update-grub >/dev/null; then update-grub 2>&1
else grub2-mkconfig -o /boot/grub2/grub.cfg 2>&1
fi
