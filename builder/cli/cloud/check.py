"""The verb ``cloud check``."""

from builder.cli.cloud import group
from builder.cli.cloud_options import cloud_option
from builder.cli.options import json_option, print_json, profile_argument
from builder.cloud.api.client import CloudApi
from builder.cloud.check.check import check as look_and_judge
from builder.cloud.check.text import judgement_json, judgement_text
from builder.plan.of_profile import plan_of
from builder.publish.cloud.unverified import warn_unverified
from builder.terminal.output import show
from builder.terminal.progress import Progress


@group.command()
@profile_argument
@cloud_option
@json_option
def check(profile: str, *, cloud: str, as_json: bool) -> int:
    """Tell whether a cloud would give PROFILE's images what they claim; change nothing.

    Each line is right, wrong, or unknowable for these credentials: an administrator's see most. The
    exit code is 1 where images would not get what they claim.

    \b
    Examples:
      guest-image cloud check pinned-scsi --cloud prod
      guest-image cloud check pinned-scsi --cloud prod --json | jq .honoured
    """
    plan = plan_of(profile)
    with Progress() as progress:
        api = CloudApi(cloud, progress.line)
        warn_unverified(api, progress)
        judgement = look_and_judge(plan, api, progress)
    if as_json:
        print_json(judgement_json(judgement, plan.profile))
    else:
        show(judgement_text(judgement, plan.profile))
    return int(not judgement.honoured)
