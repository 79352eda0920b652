"""What a project may do with volumes in one cloud: the questions of a proof."""

from collections.abc import Mapping
from urllib.parse import quote

from builder.cloud.api.client import CloudApi, Service, Version
from builder.cloud.api.model import Volume, VolumeAnswer, VolumePage
from builder.cloud.api.refusal import NOT_FOUND
from builder.cloud.server.servers import NAME, NOVA_VERSION, PROOF, or_none, server_path
from builder.errors import CloudError

_CINDER: Service = "block-storage"
_VOLUMES: Version = (3, 0)


class Volumes:
    """The volumes of a project. A cloud may have no Cinder: then there are none."""

    def __init__(self, api: CloudApi) -> None:
        """Nothing is sent yet."""
        self._api = api

    def __str__(self) -> str:
        return self._api.cloud

    def supported(self) -> bool:
        """Whether the cloud's catalogue has a Cinder."""
        return or_none(lambda: self._api.newest(_CINDER), {NOT_FOUND}) is not None

    def create(self, name: str, *, gib: int, metadata: Mapping[str, str]) -> Volume:
        """Ask for an empty volume."""
        body = {"volume": {"name": name, "size": gib, "metadata": dict(metadata)}}
        what = "make a volume"
        return self._api.change(
            "/volumes", body, VolumeAnswer, _VOLUMES, what, service=_CINDER
        ).volume

    def get(self, volume: str) -> Volume | None:
        """A volume, or None where it is gone."""
        return or_none(
            lambda: (
                self._api.get(
                    _CINDER, _path(volume), VolumeAnswer, _VOLUMES, f"show volume {volume}"
                ).volume
            ),
            {NOT_FOUND},
        )

    def require(self, volume: str) -> Volume:
        """A volume. Raises ``CloudError`` where it is gone."""
        found = self.get(volume)
        if found is None:
            raise CloudError(
                f"Volume {volume} of cloud '{self}' is gone.",
                hint="Somebody else has deleted it. Run the same command again.",
                status=NOT_FOUND,
            )
        return found

    def of_proofs(self) -> list[Volume]:
        """The project's volumes that proofs have made, from wherever."""
        if not self.supported():
            return []
        path = "/volumes/detail"
        found = self._api.pages(_CINDER, path, VolumePage, _VOLUMES, "list its volumes")
        return [
            volume
            for volume in found
            if volume.metadata.get(PROOF) and (volume.name or "").startswith(NAME)
        ]

    def attach(self, server: str, volume: str) -> None:
        """Let Nova plug a volume into a server that runs; its status tells when that is done."""
        path = f"{server_path(server)}/os-volume_attachments"
        body = {"volumeAttachment": {"volumeId": volume}}
        what = f"attach volume {volume} to server {server}"
        self._api.change(path, body, object, NOVA_VERSION, what)

    def detach(self, server: str, volume: str) -> None:
        """Let Nova unplug it."""
        path = f"{server_path(server)}/os-volume_attachments/{quote(volume, safe='')}"
        self._api.delete(path, NOVA_VERSION, f"detach volume {volume} from server {server}")

    def delete(self, volume: str) -> None:
        """Delete it; that it is gone already is no error."""
        what = f"delete volume {volume}"
        self._api.delete(_path(volume), _VOLUMES, what, service=_CINDER)


def _path(volume: str) -> str:
    return f"/volumes/{quote(volume, safe='')}"
