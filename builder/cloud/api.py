"""A cloud's Nova and Placement, asked over HTTP: one question, one answer of an expected shape.

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

from builder.errors import CloudError
from builder.publish.cloud import config
from builder.publish.cloud.answers import Answers
from builder.publish.cloud.remedies import ADDRESS, FORBIDDEN, UNAUTHORIZED, UNAVAILABLE
from builder.words import one_line, shown

Service = Literal["compute", "placement"]
Version = tuple[int, int]
"""A microversion."""

REQUEST_LIMIT = 30.0
"""Seconds for one answer, where the cloud's configuration names no other limit."""
OPERATION_LIMIT = 120.0
BUSY_RETRIES = 3
CONFLICT, NOT_FOUND, NOT_ACCEPTABLE = 409, 404, 406
_REFUSED = 400
_WORDS_LIMIT = 500

_REMEDIES = {
    UNAUTHORIZED: "Check the credentials in clouds.yaml or OS_*.",
    FORBIDDEN: "Ask the cloud's operators to do it, or use an administrator's credentials.",
    NOT_FOUND: "It has gone meanwhile, or the address in clouds.yaml is not that service's: run the"
    " same command again.",
    NOT_ACCEPTABLE: "The cloud's service is older than what this needs: ask its operators.",
    CONFLICT: "Somebody else has changed it, or uses it: run the same command again.",
    UNAVAILABLE: "The cloud is busy. Run the same command again later.",
}
_OTHERWISE = "The cloud's words above say what must be changed; its operators know more."

T = TypeVar("T")


class CloudApi:
    """Nova and Placement of one cloud, as one project and role see them."""

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
                    f"Cloud '{self.cloud}' names no {service} service.",
                    hint="See which there are: openstack catalog list.",
                    status=NOT_FOUND,
                )
            major, minor = data.max_microversion or (0, 0)
            self._newest[service] = (int(major), int(minor))
        return self._newest[service]

    def get(self, service: Service, path: str, kind: type[T], wanted: Version) -> T:
        """The answer to a question, in a microversion or the newest one before it."""
        return self._validated(path, self._request(service, "GET", path, wanted), kind)

    def change(self, path: str, body: Mapping[str, Any], kind: type[T], wanted: Version) -> T:
        """Let Nova make or change something, and return its answer. ``body`` is JSON."""
        return self._validated(path, self._request("compute", "POST", path, wanted, body), kind)

    def delete(self, path: str, wanted: Version) -> None:
        """Let Nova delete something; that it is gone already is no error."""
        try:
            self._request("compute", "DELETE", path, wanted)
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
        wanted: Version,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        version = min(wanted, self.newest(service))
        what = f"answer {method} {path.partition('?')[0]} of its {service} service"
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
            answer = _json(response.content, response.json)
        if response.status_code >= _REFUSED:
            raise CloudError(
                f"Cloud '{self.cloud}' could not {what}.",
                details=[f"HTTP {response.status_code}: {_words(answer)}"],
                hint=_REMEDIES.get(response.status_code, _OTHERWISE),
                status=response.status_code,
            )
        return answer

    def _adapter(self, service: Service) -> Adapter:
        if service not in self._adapters:
            place = self._region.get_session_client(service)
            # The one of openstacksdk's own wants a whole connection for each request.
            self._adapters[service] = Adapter(
                self._session,
                service_type=service,
                interface=place.interface,
                region_name=place.region_name,
                endpoint_override=place.endpoint_override,
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
                hint=_REMEDIES[UNAUTHORIZED],
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
                message, details=[one_line(str(error))[:_WORDS_LIMIT]], hint=ADDRESS
            ) from error
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise CloudError(
                message,
                details=[f"Its answer is not of an OpenStack service ({type(error).__name__})."],
                hint="Check that the addresses in clouds.yaml are the cloud's.",
            ) from error


def _json(content: bytes, decoded: Callable[[], Any]) -> Any:
    """What an answer says; of one that is no JSON, such as a proxy's page of HTML, its words."""
    if not content:
        return None
    try:
        return decoded()
    except ValueError:
        return content[:_WORDS_LIMIT].decode(errors="replace")


def _words(answer: Any) -> str:
    """The reason in a refusal: Nova's ``{"badRequest": {"message": …}}``, Placement's errors."""
    match answer:
        case {"errors": [{"detail": str(text)}, *_]}:
            return one_line(text)[:_WORDS_LIMIT]
        case dict():
            texts = [one["message"] for one in answer.values()
                     if isinstance(one, dict) and isinstance(one.get("message"), str)]  # fmt: skip
            return one_line(texts[0])[:_WORDS_LIMIT] if texts else "no reason was given"
        case _:
            return shown(answer)
