"""Output of diskimage-builder 3.43 as it was recorded, shortened: paths and most lines are gone."""

BUILD = """\
diskimage-builder version 3.43.0
Building elements: debian-minimal guest-tree guest-foundation guest-initrd
Copying hooks for guest-agent
Copying hooks /srv/elements/guest-agent/post-install.d/50-guest-agent
Running hooks from /srv/dib_build.SzBcl6eq/hooks/root.d
dib-run-parts Sourcing environment file /srv/hooks/root.d/../environment.d/10-debian-minimal.bash
+ source /srv/dib_build.SzBcl6eq/hooks/root.d/../environment.d/10-debian-minimal.bash
++ export DISTRO_NAME=debian
dib-run-parts Running /srv/dib_build.SzBcl6eq/hooks/root.d/08-debootstrap
mmdebstrap is installed; use it
I: automatically chosen mode: root
I: success in 24.5766 seconds
dib-run-parts 08-debootstrap completed
dib-run-parts Running /srv/dib_build.SzBcl6eq/hooks/root.d/09-apt-keyring
dib-run-parts 09-apt-keyring completed
dib-run-parts ----------------------- PROFILING -----------------------
dib-run-parts
dib-run-parts Target: root.d
dib-run-parts
dib-run-parts Script                                     Seconds
dib-run-parts ---------------------------------------  ----------
dib-run-parts
dib-run-parts 08-debootstrap                               24.821
dib-run-parts 09-apt-keyring                                0.003
dib-run-parts
dib-run-parts --------------------- END PROFILING ---------------------
dib-run-parts Sourcing environment file /tmp/in_target.d/install.d/../environment.d/10-dpkg.bash
dib-run-parts Running /tmp/in_target.d/install.d/01-package-installs
Reading package lists...
dib-run-parts 01-package-installs completed
dib-run-parts ----------------------- PROFILING -----------------------
dib-run-parts
dib-run-parts Target: install.d
dib-run-parts 01-package-installs                          24.042
dib-run-parts --------------------- END PROFILING ---------------------
dib-run-parts Running /srv/dib_build.SzBcl6eq/hooks/block-device.d/50-guest-tree
INFO diskimage_builder.block_device.blockdevice [-] create() called
INFO diskimage_builder.block_device.blockdevice [-] create() finished
IMAGE_BLOCK_DEVICE=/srv/tree
dib-run-parts 50-guest-tree completed
dib-run-parts Running /tmp/in_target.d/finalise.d/40-guest-initrd
update-initramfs: Generating /boot/initrd.img-6.1.0-56-amd64
W: Couldn't identify type of root file system for fsck hook
dib-run-parts 40-guest-initrd completed
dib-run-parts Running /tmp/in_target.d/finalise.d/99-write-dpkg-manifest
{"package": "zstd","arch": "amd64","status": "ii "},dib-run-parts 99-write-dpkg-manifest completed
dib-run-parts ----------------------- PROFILING -----------------------
dib-run-parts
dib-run-parts Target: finalise.d
dib-run-parts 40-guest-initrd                              30.918
dib-run-parts 99-write-dpkg-manifest                        0.017
dib-run-parts --------------------- END PROFILING ---------------------
"""

FAILING_HOOK = """\
dib-run-parts Running /tmp/in_target.d/install.d/12-debian-locale-gen
Generating locales (this might take a while)...
dib-run-parts 12-debian-locale-gen completed
dib-run-parts Running /tmp/in_target.d/install.d/50-guest-initrd

guest-initrd: found neither initramfs-tools, dracut nor mkinitrd
"""

CLEANING_UP = """\
Unmount /srv/dib_build.SzBcl6eq/mnt/proc
Unmount /srv/dib_build.SzBcl6eq/mnt/dev
INFO diskimage_builder.block_device.blockdevice [-] State already cleaned - no way to do anything
"""
