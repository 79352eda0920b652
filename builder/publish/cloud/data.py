"""The data of a published image, as manifests tell of it. Pure."""

from builder.publish.cloud.image import CloudImage, Data, Wanted
from builder.store.manifest import Manifest
from builder.store.sections import DiskFile, Published


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


def data_in(image: CloudImage, wanted: Wanted) -> Data:
    """What a cloud has of what was wanted: that, or what it has converted it to.

    The disk has been compared then, so that of a raw one the SHA-256 is known.
    """
    data = wanted.data
    expected = data.hashes.get(image.hash_algorithm, image.hash_value)
    if (image.disk_format, image.size, image.hash_value) == (data.disk_format, data.size, expected):
        return data
    of_disk = {"sha256": wanted.content_sha256} if image.disk_format == "raw" else {}
    return Data(
        disk_format=image.disk_format,
        size=image.size or 0,
        hashes={**of_disk, image.hash_algorithm: image.hash_value},
    )
