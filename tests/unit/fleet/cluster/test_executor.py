"""What becomes of jobs that no worker has brought to an end."""

import pytest

from builder.errors import HostError
from builder.fleet.cluster.executor import _failed
from builder.fleet.cluster.versions import own_version, require_same
from builder.fleet.graph import Kind, Step
from builder.fleet.job import Job
from builder.fleet.model import Cloud

JOB = Job(Step("a", Kind.BUILD), {}, Cloud())


@pytest.mark.parametrize(
    ("error", "told", "code"),
    [
        (HostError("No room."), "No room.", 3),
        (KeyError("x"), "KeyError: 'x'", 70),
    ],
)
def test_an_error_of_a_worker_is_the_outcome(error: Exception, told: str, code: int) -> None:
    outcome = _failed(JOB, error)
    assert (outcome.told, outcome.exit_code) == (told, code)


def test_versions_that_differ_are_both_named() -> None:
    require_same(own_version(), own_version(), "tcp://x")
    with pytest.raises(HostError) as caught:
        require_same("guest-image-builder 1", "guest-image-builder 2", "tcp://x")
    assert "here:  guest-image-builder 1" in str(caught.value)
    assert "there: guest-image-builder 2" in str(caught.value)
