"""A server is made, and comes up."""

import time

from builder.cloud.proof.steps.subject import Subject
from builder.cloud.server import no_host
from builder.cloud.server.servers import BUILD, NAME, PROOF
from builder.errors import CloudError
from builder.feature import CheckFailed


def create(subject: Subject) -> str:
    """Make the server of a proof. Raises ``CloudError`` where it does not come up."""
    setting, proof, start = subject.setting, subject.proof, time.monotonic()
    server = subject.servers.create(
        f"{NAME}-{setting.build}-{proof.id[:8]}",
        image=setting.image.id,
        flavor=setting.flavor.id,
        network=setting.network,
        user_data=subject.user_data("watch"),
        metadata={PROOF: proof.id, BUILD: setting.build},
    )
    subject.guest.server = server.id
    proof.note(server=server.id)
    try:
        subject.guest.await_status("ACTIVE", subject.limits.active)
    except CheckFailed as failure:
        raise _not_started(subject, str(failure)) from failure
    except TimeoutError as late:
        raise CloudError(
            f"Cloud '{subject.servers}' has not started a server of image {setting.image.id}.",
            details=[str(late)],
            hint="Ask its operators, or try another time.",
        ) from late
    seconds = time.monotonic() - start
    if setting.operator is not None:
        subject.domain = setting.operator.domain(server.id)
    return f"ACTIVE after {seconds:.0f} s with flavor {setting.flavor.name}"


def _not_started(subject: Subject, fault: str) -> CloudError:
    flavor = subject.setting.flavor
    details = [fault]
    if no_host.NO_HOST in fault:
        details += no_host.reasons(flavor, subject.servers.hosts_for)
    return CloudError(
        f"Cloud '{subject.servers}' could not start a server of image"
        f" {subject.setting.image.id} with flavor {flavor.name}.",
        details=details,
        hint="Choose another flavor with --flavor, or ask the cloud's operators.",
    )
