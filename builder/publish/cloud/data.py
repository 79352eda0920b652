"""The data of a published image, as manifests tell of it. Pure."""

from builder.publish.cloud.image import Data
from builder.store.manifest import DiskFile, Manifest, Published


def own_data(file: DiskFile) -> Data:
    """A file of a build as a cloud has it."""
    hashes = {"sha256": file.sha256, "sha512": file.sha512}
    return Data(disk_format=file.format, size=file.size, hashes=hashes)


def data_of(build: Manifest, published: Published) -> Data:
    """What the cloud had when the build was published so."""
    data = published.data
    if data is None:
        return own_data(build.image)
    return Data(disk_format=data.disk_format, size=data.size, hashes=data.hashes)


def format_sent(build: Manifest, published: Published) -> str:
    """The format that was sent."""
    return published.data.sent_as if published.data else build.image.format
