"""Reads a nova.conf as Nova does, and says what it has read. Runs in Nova's virtual environment.

Called with the file and the ``SECTION/OPTION`` that are asked for; the answer is JSON.
"""

import json
import sys

from nova.conf import CONF
from nova.scheduler import filters


def main() -> None:
    path, *names = sys.argv[1:]
    default = list(CONF.filter_scheduler.enabled_filters)
    CONF(["--config-file", path], project="nova", default_config_dirs=[])
    values = {}
    for name in names:
        section, option = name.split("/")
        values[name] = getattr(CONF if section == "DEFAULT" else CONF[section], option)
    filter_names = sorted(filter_class.__name__ for filter_class in filters.all_filters())
    print(json.dumps({"values": values, "default_filters": default, "known_filters": filter_names}))


if __name__ == "__main__":
    main()
