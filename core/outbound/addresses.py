"""Which addresses the platform may call: the public ones, unless its operator says otherwise."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_UNICAST6 = IPv6Network("2000::/3")
# What a private network may be.
_PRIVATE = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "::1/128",
            "fc00::/7",
        ),
    )
)
# Where hosts of clouds answer with their secrets. What allows more than these allows none of them.
_METADATA = tuple(
    map(
        ip_network,
        (
            "169.254.0.0/16",
            "168.63.129.16/32",
            "100.100.100.200/32",
            "192.0.0.192/32",
            "fe80::/10",
            "fd00:ec2::254/128",
            "fd20:ce::254/128",
            "fd00:c1::a9fe:a9fe/128",
        ),
    )
)
# What ``ipaddress`` calls global (on some Python or other), and is not, or hides what is behind.
_NEVER_PUBLIC = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # of protocols
            "192.88.99.0/24",  # relays of 6to4
            "2001::/23",  # of protocols, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "3fff::/20",  # documentation
        ),
    )
)
# An IPv6 address of these ends with the IPv4 address that it leads to.
_TRANSLATED = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")))


@dataclass(frozen=True)
class AddressPolicy:
    """What the operator allows and denies beside the public addresses; a denial wins.

    What allows the address of a translator or tunnel does not allow all that is behind it.
    """

    allow_private: bool = False
    allowed: tuple[Network, ...] = ()
    denied: tuple[Network, ...] = ()

    @classmethod
    def read(
        cls, *, allow_private: bool, allowed: Iterable[str], denied: Iterable[str]
    ) -> "AddressPolicy":
        """The policy as settings have it; raise ``ValueError`` for what is no network."""
        return cls(
            allow_private=allow_private,
            allowed=tuple(map(ip_network, allowed)),
            denied=tuple(map(ip_network, denied)),
        )

    def allows(self, text: str) -> bool:
        """Whether the address may be called."""
        address = _plain(ip_address(text.partition("%")[0]))
        return all(self._allows_one(one) for one in (address, *_embedded(address)))

    def _allows_one(self, address: Address) -> bool:
        if _is_in(address, self.denied):
            return False
        secret = [network for network in _METADATA if _is_in(address, (network,))]
        if secret:
            return any(
                _is_in(address, (allowed,)) and _is_within(allowed, secret[0])
                for allowed in self.allowed
            )
        if _is_in(address, self.allowed):
            return True
        if self.allow_private and _is_in(address, _PRIVATE):
            return True
        return is_public(address)


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public internet, and to nothing else in disguise."""
    address = _plain(address)
    if address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv6Address) and address not in _UNICAST6:
        return False
    return not _is_in(address, _NEVER_PUBLIC)


def _plain(address: Address) -> Address:
    """The IPv4 address that an IPv4-mapped one is."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _embedded(address: Address) -> Iterator[Address]:
    """The IPv4 addresses that an IPv6 address leads to by way of a translator or tunnel."""
    if not isinstance(address, IPv6Address) or address.is_loopback or address.is_unspecified:
        return
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if _is_in(address, _TRANSLATED):
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _is_within(inner: Network, outer: Network) -> bool:
    return inner.prefixlen >= outer.prefixlen and _is_in(inner.network_address, (outer,))
