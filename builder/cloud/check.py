"""Would a cloud honour an image? Asks it, and judges what it has."""

from builder.cloud.api import CloudApi
from builder.cloud.fit import wanted
from builder.cloud.judge import fits_of, judge, questions
from builder.cloud.judgement import Judgement
from builder.cloud.look import flavors, look
from builder.cloud.plan import cloud_plan
from builder.cloud.release import release_of
from builder.plan.model import Plan
from builder.terminal.progress import Progress


def check(plan: Plan, api: CloudApi, progress: Progress) -> Judgement:
    """Judge a cloud for the images of a plan. Raises ``CloudError``."""
    progress.phase(f"{api}: checking")
    requirements = wanted(plan, cloud_plan(plan, release_of(api.newest("compute"))))
    there = flavors(api)
    resources, traits = questions(requirements, fits_of(requirements, there))
    return judge(requirements, look(api, there, resources, [trait.name for trait in traits]))
