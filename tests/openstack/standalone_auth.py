"""Lets requests into a Glance that has no Keystone. Runs in Glance's virtual environment.

A paste filter in the place of ``authtoken``. A request with a user's name and password (HTTP basic)
is that user's if they are right; one without is the project's all the same.
"""

import base64
from collections.abc import Callable, Iterable
from typing import Any

Environment = dict[str, Any]
Application = Callable[[Environment, Any], Iterable[bytes]]


def filter_factory(
    _: dict[str, str], *, user: str, password: str, **_authtokens: str
) -> Callable[[Application], Application]:
    """What paste calls with the filter's settings."""
    expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def wrap(application: Application) -> Application:
        def serve(environ: Environment, start_response: Any) -> Iterable[bytes]:
            if environ.get("HTTP_AUTHORIZATION", expected) != expected:
                start_response("401 Unauthorized", [("Content-Length", "0")])
                return []
            environ |= {
                "HTTP_X_IDENTITY_STATUS": "Confirmed",
                "HTTP_X_USER_ID": user,
                "HTTP_X_PROJECT_ID": "images",
                "HTTP_X_ROLES": "admin,member,reader",
            }
            return application(environ, start_response)

        return serve

    return wrap
