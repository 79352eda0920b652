"""An emulated TPM 2.0 for one guest, as libvirt gives it: swtpm, to which QEMU speaks."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from builder.host.process import require_tool, start

PROGRAM = "swtpm"


@contextlib.contextmanager
def emulated(workdir: Path, control: int) -> Iterator[None]:
    """Run a new TPM, which is controlled through the connected socket ``control``.

    Its state is kept in ``workdir``, its words in ``swtpm.log`` there. It ends with the block.
    Raises ``HostError`` where swtpm is not installed.
    """
    program = require_tool(PROGRAM, PROGRAM)
    state = workdir / "tpm"
    state.mkdir()
    words = [
        *(program, "socket", "--tpm2", "--terminate"),
        *("--tpmstate", f"dir={state}"),
        *("--ctrl", f"type=unixio,clientfd={control}"),
    ]
    log = workdir / "swtpm.log"
    with start(words, purpose="start an emulated TPM", log=log, pass_fds=[control]):
        yield
