"""Nova's releases, in their order.

The release tells which image properties Nova reads, and what else a cloud needs.
"""

from enum import IntEnum


class NovaRelease(IntEnum):
    """A release of Nova by the number that its version begins with (``nova-manage --version``).

    Releases before Liberty, whose versions are years, are numbered as if they had counted already.
    """

    CACTUS = 3
    DIABLO = 4
    ESSEX = 5
    FOLSOM = 6
    GRIZZLY = 7
    HAVANA = 8
    ICEHOUSE = 9
    JUNO = 10
    KILO = 11
    LIBERTY = 12
    MITAKA = 13
    NEWTON = 14
    OCATA = 15
    PIKE = 16
    QUEENS = 17
    ROCKY = 18
    STEIN = 19
    TRAIN = 20
    USSURI = 21
    VICTORIA = 22
    WALLABY = 23
    XENA = 24
    YOGA = 25
    ZED = 26
    ANTELOPE = 27
    BOBCAT = 28
    CARACAL = 29
    DALMATIAN = 30
    EPOXY = 31
    FLAMINGO = 32
    GAZPACHO = 33
    HIBISCUS = 34

    @property
    def date(self) -> str | None:
        """Year and half of OpenStack's release, which names it since 2023.1; None before."""
        halves = self - NovaRelease.ANTELOPE
        return None if halves < 0 else f"{2023 + halves // 2}.{1 + halves % 2}"

    def __str__(self) -> str:
        """As people call it."""
        word = self.name.capitalize()
        return f"{self.date} ({word})" if self.date else word


NEWEST = max(NovaRelease)
OLDEST_CLOUD = NovaRelease.QUEENS
"""The first of which it is known what it needs: with it came traits in Placement, virtual GPUs."""
CLOUDS = tuple(release for release in NovaRelease if release >= OLDEST_CLOUD)
"""The releases that a cloud is planned for."""


def nova_release(text: str) -> NovaRelease:
    """The release of a cloud that is meant by ``2025.1``, ``epoxy``, ``31`` or ``31.0.1``.

    Raises ``ValueError`` with what there is.
    """
    word = text.strip().lower()
    for release in CLOUDS:
        if word in (release.date, release.name.lower(), str(int(release))):
            return release
        if word.startswith(f"{int(release)}."):
            return release
    raise ValueError(
        f"'{text}' is not a release of Nova that is known here: they are {OLDEST_CLOUD} to "
        f"{NEWEST}, by name, by year and half (2025.1) or by number (31)."
    )
