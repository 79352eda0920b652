"""Would a cloud honour an image? Asks it, and judges what it has."""

from builder.cloud.api.client import CloudApi
from builder.cloud.api.release import release_of
from builder.cloud.check.fit import wanted
from builder.cloud.check.judgement import Judgement
from builder.cloud.check.look import flavors, look
from builder.cloud.check.rules import fits_of, judge, questions
from builder.cloud.plan.plan import cloud_plan
from builder.plan.model import Plan
from builder.terminal.progress import Progress


def check(plan: Plan, api: CloudApi, progress: Progress) -> Judgement:
    """Judge a cloud for the images of a plan. Raises ``CloudError``."""
    progress.phase(f"{api}: checking")
    requirements = wanted(plan, cloud_plan(plan, release_of(api.newest("compute"))))
    there = flavors(api)
    resources, traits = questions(requirements, fits_of(requirements, there))
    return judge(requirements, look(api, there, resources, [trait.name for trait in traits]))
