"""A cloud's Nova, Placement, Neutron and Cinder over HTTP: each answer has the expected shape.

Clouds come from ``clouds.yaml`` and ``OS_*``, as for publishing. What a cloud answers becomes data
or a ``CloudError`` that has HTTP's status.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeVar

from keystoneauth1 import exceptions as auth_exc
from keystoneauth1.adapter import Adapter
from openstack import exceptions as sdk_exc
from pydantic import TypeAdapter, ValidationError

from builder.cloud.api.model import Page
from builder.cloud.api.refusal import NOT_FOUND, WORDS_LIMIT, content_of, remedy, words_of
from builder.errors import CloudError
from builder.publish.cloud import config
from builder.publish.cloud.answers import Answers
from builder.publish.cloud.remedies import ADDRESS, UNAUTHORIZED, UNAVAILABLE
from builder.words import one_line

Service = Literal["compute", "placement", "network", "block-storage"]
Version = tuple[int, int]
"""A microversion."""

REQUEST_LIMIT = 90.0
"""Seconds for one answer, where the cloud's configuration names no other limit.

Nova's API itself waits 60 s for a compute host (oslo.messaging's ``rpc_response_timeout``).
"""
OPERATION_LIMIT = 180.0
"""Seconds for one question, however often it is asked and however many pages its answer has."""
LIST_LIMIT = 10_000
"""A cloud that lists more has pages without an end."""
BUSY_RETRIES = 3
_REFUSED = 400
_VERSIONS = {"compute": ("2", "2.latest"), "block-storage": ("3", "3.latest")}
"""Of the API itself: a catalogue's address may be the one above the service's versions."""

T = TypeVar("T")


class CloudApi:
    """Nova, Placement, Neutron and Cinder of one cloud, as one project and role see them.

    Questions have a ``what``, which completes "Cloud … could not …". ``wanted`` is the microversion
    to ask in, or before it the newest that the service has; None for a service that has none.
    """

    def __init__(self, cloud: str, say: Callable[[str], None] = lambda _: None) -> None:
        """Find the cloud's configuration; nothing is sent yet. Raises ``InputError``."""
        self.cloud = cloud
        self._answers = Answers(cloud, say)
        self._region = config.region(cloud, REQUEST_LIMIT)
        with self._answering("be reached"):
            self._session = self._region.get_session()
            self._session.session.hooks["response"].append(self._answers.see)
        self._adapters: dict[str, Adapter] = {}
        self._newest: dict[str, Version] = {}

    def __str__(self) -> str:
        return self.cloud

    @property
    def unverified(self) -> bool:
        """Whether ``verify: false`` lets anybody between here and the cloud pass for it."""
        verify, _ = self._region.get_requests_verify_args()
        return verify is False

    def newest(self, service: Service) -> Version:
        """The newest microversion of a service. Raises ``CloudError`` where it does not answer."""
        if service not in self._newest:
            with self._answering(f"tell the version of its {service} service"):
                data = self._adapter(service).get_endpoint_data()
            if data is None:
                raise CloudError(
                    f"Cloud '{self.cloud}' has no {service} service, or one that does not tell its"
                    " versions.",
                    hint="See which there are: openstack catalog list.",
                    status=NOT_FOUND,
                )
            major, minor = data.max_microversion or (0, 0)
            self._newest[service] = (int(major), int(minor))
        return self._newest[service]

    def get(self, service: Service, path: str, kind: type[T], wanted: Version, what: str = "") -> T:
        """The answer to a question."""
        return self._validated(path, self._request(service, "GET", path, wanted, what), kind)

    def pages(
        self,
        service: Service,
        path: str,
        kind: type[Page[T]],
        wanted: Version | None,
        what: str = "",
    ) -> list[T]:
        """Everything in a list, page by page."""
        found: list[T] = []
        place, following = path.partition("?")[0], path
        with self._answering(what or f"list {place} to its end"):
            while following:
                answer = self._request(service, "GET", following, wanted, what)
                page = self._validated(path, answer, kind)
                found += page.items
                following = f"{place}?{page.following}" if page.following and page.items else ""
                if len(found) > LIST_LIMIT:
                    raise CloudError(
                        f"Cloud '{self.cloud}' has more than {LIST_LIMIT} entries in {place}.",
                        hint="Its pages seem to have no end: ask its operators.",
                    )
        return found

    def change(
        self,
        path: str,
        body: Mapping[str, Any],
        kind: type[T],
        wanted: Version,
        what: str = "",
        service: Service = "compute",
    ) -> T:
        """Let a service make or change something, and return its answer. ``body`` is JSON."""
        answer = self._request(service, "POST", path, wanted, what, body)
        return self._validated(path, answer, kind)

    def delete(
        self, path: str, wanted: Version, what: str = "", service: Service = "compute"
    ) -> None:
        """Let a service delete something; that it is gone already is no error."""
        try:
            self._request(service, "DELETE", path, wanted, what)
        except CloudError as error:
            if error.status != NOT_FOUND:
                raise

    def _validated(self, path: str, answer: Any, kind: type[T]) -> T:
        try:
            return TypeAdapter(kind).validate_python(answer)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise CloudError(
                f"Cloud '{self.cloud}' gave an answer that is not an OpenStack service's.",
                details=[f"{path.partition('?')[0]}: {place}: {first['msg']}"],
                hint="Check that the addresses in clouds.yaml are the cloud's.",
            ) from error

    def _request(
        self,
        service: Service,
        method: str,
        path: str,
        wanted: Version | None,
        what: str,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        version = min(wanted, self.newest(service)) if wanted else (0, 0)
        what = what or f"answer {method} {path.partition('?')[0]} of its {service} service"
        with self._answering(what):
            response = self._adapter(service).request(
                path,
                method,
                json=body,
                raise_exc=False,
                microversion=None if version == (0, 0) else f"{version[0]}.{version[1]}",
                status_code_retries=BUSY_RETRIES,
                retriable_status_codes=[UNAVAILABLE],
            )
            answer = content_of(response)
        if response.status_code >= _REFUSED:
            words = words_of(answer)
            raise CloudError(
                f"Cloud '{self.cloud}' could not {what}.",
                details=[f"HTTP {response.status_code}: {words}"],
                hint=remedy(response.status_code, words),
                status=response.status_code,
            )
        return answer

    def _adapter(self, service: Service) -> Adapter:
        if service not in self._adapters:
            place = self._region.get_session_client(service)
            oldest, newest = _VERSIONS.get(service, (None, None))
            # The one of openstacksdk's own wants a whole connection for each request.
            self._adapters[service] = Adapter(
                self._session,
                service_type=service,
                interface=place.interface,
                region_name=place.region_name,
                endpoint_override=place.endpoint_override,
                min_version=oldest,
                max_version=newest,
            )
        return self._adapters[service]

    @contextlib.contextmanager
    def _answering(self, what: str) -> Iterator[None]:
        """Make a ``CloudError`` of whatever the clients raise in the block, and limit its time."""
        message = f"Cloud '{self.cloud}' could not {what}."
        try:
            with self._answers.operation(what, OPERATION_LIMIT):
                yield
        except (auth_exc.Unauthorized, auth_exc.AuthorizationFailure) as error:
            raise CloudError(
                message,
                details=[one_line(str(error))],
                hint=remedy(UNAUTHORIZED, ""),
                status=UNAUTHORIZED,
            ) from error
        except auth_exc.EndpointNotFound as error:
            raise CloudError(
                message,
                details=["Its catalogue has no address of it for this region and interface."],
                hint="See which there are: openstack catalog list.",
                status=NOT_FOUND,
            ) from error
        except (auth_exc.ClientException, sdk_exc.SDKException, OSError) as error:
            raise CloudError(
                message, details=[one_line(str(error))[:WORDS_LIMIT]], hint=ADDRESS
            ) from error
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise CloudError(
                message,
                details=[f"Its answer is not of an OpenStack service ({type(error).__name__})."],
                hint="Check that the addresses in clouds.yaml are the cloud's.",
            ) from error
