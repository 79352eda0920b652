"""A cloud's Glance.

Clouds come from ``clouds.yaml`` and ``OS_*`` (``config``); requests go through
keystoneauth1 and python-glanceclient. What a cloud answers becomes data or a ``CloudError``.
"""

import contextlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from glanceclient import exc
from glanceclient.v2.client import Client
from keystoneauth1 import exceptions as auth_exc
from openstack import exceptions as sdk_exc

from builder.errors import CloudError
from builder.publish.cloud import config
from builder.publish.cloud.answers import DATA, OPERATION_LIMIT, SLOWEST, Answers
from builder.publish.cloud.change import Change
from builder.publish.cloud.image import ACTIVE, CloudImage
from builder.publish.cloud.image_answer import image_of
from builder.publish.cloud.remedies import (
    ADDRESS,
    AGAIN,
    CONFLICT,
    UNAUTHORIZED,
    UNAVAILABLE,
    remedy,
)

REQUEST_LIMIT = 300.0
"""Seconds that a cloud may take for one answer where its configuration says nothing."""
BUSY_RETRIES = 3
POLL_INTERVAL = 0.5
IMAGES_LIMIT = 100_000
"""A project that sees more images than that is shown pages without an end."""

NO_CONTENT, NOT_FOUND = 204, 404

_OTHER_WAY = (
    "Glance's log has the cause: ask the cloud's operators, or upload it another way (--method)."
)
_BUSY_TASKS = frozenset({"pending", "processing"})
_GONE = frozenset({"deleted", "pending_delete"})
"""A task that ends after its image was deleted lets the record come up again, in this state."""
_PATCH = "application/openstack-images-v2.1-json-patch"
"""In this version ``add`` replaces what is there."""

# The clients log what they then raise; without a handler that would reach the terminal.
for _name in ("keystoneauth", "glanceclient", "openstack", "urllib3"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class Source(Protocol):
    """What an upload reads from."""

    size: int

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at the end none."""
        ...


class Glance:
    """One cloud's images, as one project sees them."""

    def __init__(self, cloud: str, *, say: Callable[[str], None] = lambda _: None) -> None:
        """Find the cloud's configuration; nothing is sent yet. Raises ``InputError``."""
        self.cloud = cloud
        self._say = say
        self._answers = Answers(cloud, say)
        region = config.region(cloud, REQUEST_LIMIT)
        with self.answering("be reached"):
            self.session = region.get_session()
            self.session.session.hooks["response"].append(self._answers.see)
            adapter = region.get_session_client("image")
            place = {
                "session": self.session,
                "interface": adapter.interface,
                "region_name": adapter.region_name,
                "endpoint_override": adapter.endpoint_override,
            }
            self.region = region
            self._data = Client(**place)
            # A body that is streamed cannot be sent twice, so only these requests are repeated.
            self._client = Client(
                **place, status_code_retries=BUSY_RETRIES, retriable_status_codes=[UNAVAILABLE]
            )

    def __str__(self) -> str:
        return self.cloud

    @property
    def unverified(self) -> bool:
        """Whether ``verify: false`` lets anybody between here and the cloud pass for it."""
        verify, _ = self.region.get_requests_verify_args()
        return verify is False

    @property
    def project(self) -> str:
        """The project's id, or the empty string where the authentication knows no projects."""
        with self.answering("tell the project"):
            return self.session.get_project_id() or ""

    @property
    def endpoint(self) -> str:
        """Where its Glance is."""
        with self.answering("tell where its images are"):
            return str(self._client.http_client.get_endpoint() or "").rstrip("/")

    def now(self) -> datetime:
        """The time by the cloud's own clock."""
        with self.answering("tell the time"):
            response, _ = self._client.http_client.get("/v2/images?limit=1")
        date = response.headers.get("Date")
        return parsedate_to_datetime(date).astimezone(UTC) if date else datetime.now(UTC)

    def images(self, **filters: str) -> list[CloudImage]:
        """Every image that the filters let through, visible and hidden ones."""
        images: list[CloudImage] = []
        with self.answering("list its images"):
            for hidden in ("false", "true"):
                chosen = {**filters, "os_hidden": hidden}
                for found in self._client.images.list(filters=chosen, page_size=100):
                    if found["status"] not in _GONE:
                        images.append(image_of(found))
                    if len(images) > IMAGES_LIMIT:
                        raise CloudError(
                            f"Cloud '{self.cloud}' lists more than {IMAGES_LIMIT} images.",
                            hint="Its pages seem to have no end: ask its operators.",
                        )
        return images

    def any_image(self) -> str:
        """The id of one image that can be seen, or the empty string."""
        with self.answering("list its images"):
            _, body = self._client.http_client.get("/v2/images?limit=1")
            return next((str(image["id"]) for image in body["images"]), "")

    def image(self, image_id: str) -> CloudImage | None:
        """One image, or None where there is none that can be seen."""
        try:
            with self.answering(f"show image {image_id}"):
                return image_of(self._client.images.get(image_id))
        except CloudError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def create(self, image_id: str, attributes: Mapping[str, object]) -> CloudImage | None:
        """Make an image without data, or None where the id is or was in use already."""
        try:
            with self.answering("make an image"):
                return image_of(self._client.images.create(id=image_id, **attributes))
        except CloudError as error:
            if error.status == CONFLICT:
                return None
            raise

    def refresh(self) -> None:
        """Get a new token where there are tokens: what follows may take longer than an old one."""
        with self.answering("renew the token"):
            self.session.invalidate()
            self.session.get_token()

    @contextlib.contextmanager
    def _sending(self, size: int) -> Iterator[None]:
        """Afterwards start with new connections: who refuses data may close one without a word."""
        self.refresh()
        try:
            with self.answering("take the image's data", OPERATION_LIMIT + size / SLOWEST):
                yield
        finally:
            self.session.session.close()

    def upload(self, image_id: str, source: Source, store: str | None) -> None:
        """Send an image's data."""
        with self._sending(source.size):
            self._data.images.upload(image_id, source, image_size=source.size, backend=store)

    def stage(self, image_id: str, source: Source) -> None:
        """Send an image's data to the place from which ``glance-direct`` imports it."""
        with self._sending(source.size):
            self._data.images.stage(image_id, source, image_size=source.size)

    def import_data(
        self, image_id: str, method: str, *, uri: str | None, stores: Sequence[str], limit: float
    ) -> None:
        """Let Glance import what was staged or what is at an address, and wait for its end.

        Raises ``CloudError`` with Glance's own reason, or after ``limit`` seconds.
        """
        with self.answering(f"import the image by {method}"):
            self._client.images.image_import(
                image_id, method, uri=uri, stores=list(stores), allow_failure=False
            )
        deadline = time.monotonic() + limit
        while True:
            with self.answering("tell how the import is going"):
                found = self._client.images.get(image_id)
            tasks = self._tasks(image_id)
            reasons = [message for state, message in tasks if state == "failure"]
            if stores_without := found.get("os_glance_failed_import"):
                reasons.append(f"It is not in the stores {stores_without}.")
            if reasons:
                raise CloudError(
                    f"Cloud '{self.cloud}' could not import image {image_id} by {method}.",
                    details=reasons,
                    hint=_or_else(" ".join(reasons), _OTHER_WAY),
                )
            # An active image is not left alone yet: the task writes its record once more.
            status = found["status"]
            if status == ACTIVE and not _BUSY_TASKS & {state for state, _ in tasks}:
                return
            if time.monotonic() > deadline:
                raise CloudError(
                    f"Cloud '{self.cloud}' has not imported image {image_id} by {method} within"
                    f" {limit:.0f} s; its status is {status}.",
                    hint=_OTHER_WAY,
                )
            self._say(f"{method}: {status}")
            time.sleep(POLL_INTERVAL)

    def _tasks(self, image_id: str) -> list[tuple[str, str]]:
        """State and message of Glance's tasks for an image; none where it does not tell."""
        try:
            answer = self._client.images.get_associated_image_tasks(image_id)
        except exc.HTTPException:
            return []
        return [
            (task.get("status", ""), str(task.get("message"))) for task in answer.get("tasks", ())
        ]

    def download(self, image_id: str, size: int) -> Iterator[bytes]:
        """An image's data, piece by piece, which has ``size`` bytes."""
        limit = OPERATION_LIMIT + size / SLOWEST
        with self.answering(f"send the data of image {image_id}", limit):
            response, _ = self._data.http_client.get(f"/v2/images/{image_id}/file")
            if response.status_code == NO_CONTENT:
                raise CloudError(
                    f"Image {image_id} of cloud '{self.cloud}' has no data.",
                    hint=f"See what is there: guest-image list --cloud {self.cloud}",
                )
            if response.headers.get("Content-Type") != DATA:
                raise ValueError("an answer that is not an image's data")
            received = 0
            for piece in self._answers.pieces(response):
                received += len(piece)
                if received > size:
                    raise CloudError(
                        f"Cloud '{self.cloud}' sent more data of image {image_id} than it has.",
                        details=[f"It has {size} bytes."],
                        hint="Ask the cloud's operators: it does not give back what it was given.",
                    )
                yield piece

    def change(self, change: Change) -> CloudImage:
        """Make a change in one request, and return the image as it is then.

        glanceclient's own ``update`` asks for the image before and after, and overlooks that all
        tags are to go.
        """
        patch = [
            *({"op": "remove", "path": _pointer(name)} for name in change.remove),
            *({"op": "add", "path": _pointer(name), "value": value}
              for name, value in change.attributes.items()),
        ]  # fmt: skip
        with self.answering(change.reason):
            _, body = self._client.http_client.patch(
                f"/v2/images/{change.image}",
                headers={"Content-Type": _PATCH},
                data=json.dumps(patch),
            )
            return image_of(body)

    def delete(self, image_id: str) -> None:
        """Delete an image; that it is gone already is no error."""
        try:
            with self.answering(f"delete image {image_id}"):
                self._client.images.delete(image_id)
        except CloudError as error:
            if error.status != NOT_FOUND:
                raise

    def members(self, image_id: str) -> list[str]:
        """The projects that a shared image is shared with, sorted."""
        with self.answering(f"list the members of image {image_id}"):
            return sorted(
                member["member_id"] for member in self._client.image_members.list(image_id)
            )

    def add_member(self, image_id: str, project: str) -> None:
        """Share an image with a project; that it is shared already is no error."""
        try:
            with self.answering(f"share image {image_id} with {project}"):
                self._client.image_members.create(image_id, project)
        except CloudError as error:
            if error.status != CONFLICT:
                raise

    def remove_member(self, image_id: str, project: str) -> None:
        """Share an image with a project no longer."""
        with self.answering(f"share image {image_id} no longer with {project}"):
            self._client.image_members.delete(image_id, project)

    @contextlib.contextmanager
    def answering(self, what: str, seconds: float = OPERATION_LIMIT) -> Iterator[None]:
        """Make a ``CloudError`` of whatever the clients raise in the block, and limit its time."""
        message = f"Cloud '{self.cloud}' could not {what}."
        try:
            with self._answers.operation(what, seconds):
                yield
        except exc.HTTPException as error:
            # glanceclient does not know every status.
            status = error.code if isinstance(error.code, int) else self._answers.status
            hint = remedy(status, str(error))
            raise CloudError(message, details=_reason(error), hint=hint, status=status) from error
        except (auth_exc.Unauthorized, auth_exc.AuthorizationFailure) as error:
            raise CloudError(
                message, details=[_line(error)], hint=remedy(UNAUTHORIZED, ""), status=UNAUTHORIZED
            ) from error
        except (exc.CommunicationError, exc.InvalidEndpoint, auth_exc.ConnectionError) as error:
            raise CloudError(
                message,
                details=[_line(error)],
                hint=_or_else(str(error), f"{ADDRESS} {AGAIN}"),
            ) from error
        except (auth_exc.ClientException, sdk_exc.SDKException, exc.BaseException) as error:
            raise CloudError(
                message,
                details=[_line(error)],
                hint=_or_else(str(error), "Check the cloud's entry in clouds.yaml, or OS_*."),
            ) from error
        except OSError as error:
            raise CloudError(
                message, details=[_line(error)], hint=_or_else(str(error), AGAIN)
            ) from error
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError,
                ValueError) as error:  # fmt: skip
            reason = f"{type(error).__name__}: {_line(error)[:200]}"
            raise CloudError(
                message,
                details=[f"Its answer is not one of Glance's ({reason})."],
                hint=_or_else(
                    str(error), "Check that the address is Glance's, and what is between."
                ),
            ) from error


def _pointer(name: str) -> str:
    """A name as a JSON pointer (RFC 6901)."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _reason(error: exc.HTTPException) -> list[str]:
    return [line.strip() for line in str(error).splitlines() if line.strip()][:5]


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _or_else(words: str, otherwise: str) -> str:
    """What helps where nothing but an error's words is known."""
    found = remedy(0, words)
    return otherwise if found == AGAIN else found
