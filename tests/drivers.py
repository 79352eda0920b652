"""A driver as a vendor would give it out, but that it drives nothing, and a profile that has it."""

import os
import subprocess
from pathlib import Path

from builder.host.files import sha256_of

NAME = "guest-hello"
VERSION = "1.0"
MODULE = "guest_hello"
GREETING = "guest_hello: the driver has been built for this kernel"

WITH_IDENTITIES = ("open-iscsi", "nvme-cli", "ssl-cert")
"""Packages that make names and a key when they are installed: no two guests may share them."""

FILES = {
    f"usr/src/{NAME}-{VERSION}/dkms.conf": f"""\
PACKAGE_NAME="{NAME}"
PACKAGE_VERSION="{VERSION}"
BUILT_MODULE_NAME[0]="{MODULE}"
DEST_MODULE_LOCATION[0]="/updates"
MAKE[0]="make -C ${{kernel_source_dir}} M=${{dkms_tree}}/{NAME}/{VERSION}/build modules"
AUTOINSTALL="yes"
""",
    f"usr/src/{NAME}-{VERSION}/Makefile": f"obj-m := {MODULE}.o\n",
    f"usr/src/{NAME}-{VERSION}/{MODULE}.c": f"""\
#include <linux/module.h>

static int __init hello_init(void)
{{
    printk(KERN_INFO "{GREETING}\\n");
    return 0;
}}

static void __exit hello_exit(void) {{ }}

module_init(hello_init);
module_exit(hello_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a driver of nothing");
""",
    "DEBIAN/control": f"""\
Package: {NAME}-dkms
Version: {VERSION}
Architecture: all
Depends: dkms
Maintainer: nobody <nobody@example.org>
Description: a driver of nothing
""",
    "DEBIAN/postinst": f"#!/bin/sh\nset -e\ndkms add -m {NAME} -v {VERSION}\n",
}


def debian_package(directory: Path) -> tuple[Path, str]:
    """Make the driver's package, and return it with its SHA-256: always the same."""
    tree = directory / "tree"
    for name, content in FILES.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o755 if name.endswith("postinst") else 0o644)
    package = directory / f"{NAME}-dkms_{VERSION}_all.deb"
    subprocess.run(
        ["dpkg-deb", "--build", "--root-owner-group", "-Znone", tree, package],
        env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
        capture_output=True,
        check=True,
    )
    return package, sha256_of(package)


def profile(directory: Path) -> Path:
    """Make a profile with everything that is about processors, the driver, and the packages.

    It has devices as well that no shipped profile asks for, so that they need no boot of their own.
    """
    directory.mkdir(parents=True, exist_ok=True)
    package, sha256 = debian_package(directory)
    path = directory / "compute.yaml"
    path.write_text(
        f"""\
extends: base
description: Whatever a guest may compute with
packages: [{", ".join(WITH_IDENTITIES)}]
features:
  cpu-topology: {{sockets: 2, cores: 2, threads: 2}}
  cpu-pinning: {{housekeeping: 2}}
  nested-virtualisation: {{processor: svm}}
  vgpu:
    driver: ./{package.name}
    sha256: {sha256}
    module: {MODULE}
    trait: CUSTOM_HELLO
  packed-ring:
  serial-ports: {{count: 3}}
"""
    )
    return path
