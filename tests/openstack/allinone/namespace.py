"""The network that the OpenStack has for itself: a loopback, bridges, and the taps of its guests.

What is in it has no way out, nobody outside sees it, and the kernel removes it with the last
process that lives there. Only the API servers answer outside too.
"""

from allinone.process import Service, namespace_file
from allinone.site import Site

_START = 'ip link set lo up && echo $$ > "$0.new" && mv "$0.new" "$0" && exec sleep infinity'


def service(site: Site) -> Service:
    """What makes the namespace and stays in it: to be started before everything else."""
    file = namespace_file(site)
    argv = ("unshare", "--net", "sh", "-ec", _START, file)
    return Service("namespace", argv, site.run, ready=file.exists)
