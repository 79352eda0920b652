"""How a cloud's flavors and aggregates differ from those that are to be, as changes. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from builder.cloud.api.model import Aggregate, Flavor
from builder.cloud.apply.desired_state import MadeAggregate, MadeFlavor, is_made
from builder.cloud.plan.plan import FlavorSize
from builder.errors import CloudError
from builder.words import counted


@dataclass(frozen=True)
class FlavorChange:
    """A flavor is made, deleted, made anew, or gets other extra specs.

    Nova does not change a flavor's size: it is deleted and made anew, under the same name. Servers
    keep what they were made with.
    """

    old: Flavor | None
    new: MadeFlavor | None
    replaced: bool
    """Whether the old one is deleted, if there is one, and the new one made, if there is one."""
    set: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """What is done, in a line each: ``-`` goes, ``+`` comes, ``~`` changes."""
        lines = []
        if self.old and self.replaced:
            lines.append(f"- flavor {self.old.name}: {_size(size_of(self.old))} ({self.old.id})")
        if self.new and self.replaced:
            lines.append(f"+ flavor {self.new.name}: {_size(self.new.size)}")
        elif self.old and self.new:
            lines.append(f"~ flavor {self.new.name} ({self.old.id})")
        lines += [f"  - {name}" for name in self.remove]
        had = {} if self.replaced or self.old is None else self.old.specs
        return [*lines, *_setting(self.set, had)]


@dataclass(frozen=True)
class AggregateChange:
    """An aggregate is made, deleted, or gets other metadata and hosts."""

    old: Aggregate | None
    new: MadeAggregate | None
    set: Mapping[str, str] = field(default_factory=dict)
    add: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """What is done, in a line each."""
        if self.new is None:
            assert self.old is not None
            hosts = f" of {', '.join(self.old.hosts)}" if self.old.hosts else ""
            return [f"- aggregate {self.old.name}{hosts}"]
        had = self.old.metadata if self.old else {}
        return [
            f"{'~' if self.old else '+'} aggregate {self.new.name}",
            *_setting(self.set, had),
            *(f"  + host {host}" for host in self.add),
        ]


def _setting(values: Mapping[str, str], had: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        yield f"  ~ {name}={value} (was {had[name]})" if name in had else f"  + {name}={value}"


Change = FlavorChange | AggregateChange


def changes(
    flavors: Iterable[Flavor],
    aggregates: Iterable[Aggregate],
    flavor: MadeFlavor,
    aggregate: MadeAggregate | None,
) -> list[Change]:
    """What makes the cloud have both; nothing where it has. Raises ``CloudError``."""
    found: list[Change] = [*_of_flavor(flavors, flavor)]
    if aggregate is not None:
        found += _of_aggregate(aggregates, aggregate, flavor.profile)
    return found


def removals(
    flavors: Iterable[Flavor], aggregates: Iterable[Aggregate], profile: str
) -> list[Change]:
    """What takes away everything that was made for a profile, whatever its name."""
    return [
        *(
            FlavorChange(flavor, None, replaced=True)
            for flavor in flavors
            if is_made(flavor, profile)
        ),
        *(
            AggregateChange(aggregate, None)
            for aggregate in aggregates
            if is_made(aggregate, profile)
        ),
    ]


def _of_flavor(flavors: Iterable[Flavor], new: MadeFlavor) -> Iterator[FlavorChange]:
    old = next((flavor for flavor in flavors if flavor.name == new.name), None)
    if old is None:
        yield FlavorChange(None, new, replaced=True, set=new.specs)
        return
    if not is_made(old, new.profile):
        raise _taken("flavor", old.name, old.id, new.profile)
    if size_of(old) != new.size:
        yield FlavorChange(old, new, replaced=True, set=new.specs)
        return
    had = old.specs
    differing = {name: value for name, value in new.specs.items() if had.get(name) != value}
    gone = tuple(name for name in had if name not in new.specs)
    if differing or gone:
        yield FlavorChange(old, new, replaced=False, set=differing, remove=gone)


def _of_aggregate(
    aggregates: Iterable[Aggregate], new: MadeAggregate, profile: str
) -> Iterator[AggregateChange]:
    old = next((aggregate for aggregate in aggregates if aggregate.name == new.name), None)
    if old is None:
        yield AggregateChange(None, new, set=new.metadata, add=new.hosts)
        return
    if not is_made(old, profile):
        raise _taken("aggregate", old.name, str(old.id), profile)
    differing = {k: value for k, value in new.metadata.items() if old.metadata.get(k) != value}
    add = tuple(host for host in new.hosts if host not in old.hosts)
    if differing or add:
        yield AggregateChange(old, new, set=differing, add=add)


def _taken(kind: str, name: str, its_id: str, profile: str) -> CloudError:
    return CloudError(
        f"The {kind} {name} is there, and was not made for {profile} by this program.",
        details=[f"Its id is {its_id}. It is not touched."],
        hint=f"Take another name: --{kind} NAME. If a command that was killed has left it, empty:"
        f" openstack {kind} delete {its_id}",
    )


def size_of(flavor: Flavor) -> FlavorSize:
    """What a flavor has."""
    return FlavorSize(flavor.vcpus, flavor.ram, flavor.disk)


def _size(size: FlavorSize) -> str:
    return f"{counted(size.vcpus, 'vCPU')}, {size.ram} MiB, {size.disk} GiB"
