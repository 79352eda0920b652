"""Stands for the module of ``ansible.posix``, which pulls by rsync: here from this very machine."""

import shutil

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    text = {"type": "str", "required": True}
    module = AnsibleModule(argument_spec={"mode": text, "src": text, "dest": text})
    shutil.copytree(module.params["src"], module.params["dest"], dirs_exist_ok=True)
    module.exit_json(changed=True)


if __name__ == "__main__":
    main()
