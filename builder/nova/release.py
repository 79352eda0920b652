"""Nova's releases, in their order."""

from enum import IntEnum


class Release(IntEnum):
    """A release of Nova by its number: since Liberty that of its version, before it counted."""

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
    def date(self) -> str:
        """Year and half of OpenStack's release, which names it since 2023.1; empty before."""
        halves = self - Release.ANTELOPE
        return "" if halves < 0 else f"{2023 + halves // 2}.{1 + halves % 2}"

    def __str__(self) -> str:
        """As people call it."""
        return self.date or self.name.capitalize()
