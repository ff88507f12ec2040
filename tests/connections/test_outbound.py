"""Where to the server may connect: the rule, addresses that are never open, names that change their meaning."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest

from catalog.connections.outbound import Outbound, Target, host_of, is_never, rules_of
from catalog.errors import CannotConnect, InsufficientPrivilege, InvalidParameterValue

ANY = Outbound(rules_of("any"))
FORBIDDEN = (
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "255.255.255.255",
    "ff02::1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
)


def names(*found: str) -> object:
    def resolve(_host: str, _seconds: float) -> Sequence[str]:
        return found

    return resolve


@pytest.mark.parametrize("address", FORBIDDEN)
@pytest.mark.parametrize("rule", ["any", "0.0.0.0/0, ::/0, metadata.example", "169.254.0.0/16, fe80::/10"])
def test_some_addresses_are_never_open(address: str, rule: str) -> None:
    outbound = Outbound(rules_of(rule))
    with pytest.raises(InsufficientPrivilege) as caught:
        outbound.check(address, 80)
    assert "connect_to" in str(caught.value.hint)
    with pytest.raises(InsufficientPrivilege):
        outbound.target("metadata.example", 80, names(address))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.1.2.3", "8.8.8.8", "2001:db8::1", "169.253.0.1", "fd12::1"]
)
def test_all_others_are_open_by_default(address: str) -> None:
    assert not is_never(ipaddress.ip_address(address))
    assert ANY.target(address, 5432) == Target(address, 5432, (address,))
    assert ANY.target("db.example.org", 5432, names(address)).addresses == (address,)


def test_only_checked_addresses_are_returned() -> None:
    target = ANY.target("db.example.org.", 5432, names("169.254.169.254", "10.0.0.1", "fe80::2%3", "10.0.0.1"))
    assert target == Target("db.example.org", 5432, ("10.0.0.1",))


def test_a_name_is_resolved_once() -> None:
    """A name that means the metadata service the second time it is asked."""
    answers = iter([["10.0.0.1"], ["169.254.169.254"]])
    target = ANY.target("rebinding.example", 80, lambda _host, _seconds: next(answers))
    assert target.addresses == ("10.0.0.1",) and next(answers) == ["169.254.169.254"]


@pytest.mark.parametrize(
    ("host", "port", "addresses", "open_"),
    [
        ("db.example.org", 5432, ("1.2.3.4",), True),
        ("DB.Example.ORG.", 5432, ("1.2.3.4",), True),
        ("db.example.org", 5433, ("1.2.3.4",), False),
        ("x.db.example.org", 5432, ("1.2.3.4",), False),
        ("a.shop.example", 1, ("1.2.3.4",), True),
        ("shop.example", 1, ("1.2.3.4",), False),
        ("anything.example", 3306, ("10.1.2.3",), True),
        ("anything.example", 3306, ("1.2.3.4", "10.1.2.3"), True),
        ("anything.example", 3306, ("::ffff:10.1.2.3",), True),
        ("anything.example", 3306, ("1.2.3.4",), False),
        ("10.200.0.1", 1, (), True),
        ("11.0.0.1", 1, (), False),
        ("::1", 9, (), True),
        ("::1", 10, (), False),
        ("fd00:1::5", 10, (), True),
    ],
)
def test_rules(host: str, port: int, addresses: tuple[str, ...], open_: bool) -> None:
    outbound = Outbound(rules_of("db.example.org:5432, *.shop.example, 10.0.0.0/8, [::1]:9, fd00:1::/32"))
    if open_:
        assert outbound.target(host, port, names(*addresses)).port == port
    else:
        with pytest.raises(InsufficientPrivilege):
            outbound.target(host, port, names(*addresses))


def test_the_addresses_that_a_rule_does_not_name_are_left_out() -> None:
    outbound = Outbound(rules_of("10.0.0.0/8"))
    assert outbound.target("x.example", 1, names("1.2.3.4", "10.1.2.3")).addresses == ("10.1.2.3",)
    with pytest.raises(InsufficientPrivilege):
        Outbound(rules_of("")).target("x.example", 1, names("10.1.2.3"))
    with pytest.raises(InsufficientPrivilege):
        Outbound(()).check("127.0.0.1", 1)


@pytest.mark.parametrize(
    "host",
    ["", "/tmp/.s.PGSQL.5432", "@abstract", "a,b", "a b", "2130706433", "0x7f000001", "127.1", "1.2.3.4.5", "a/b", "-x",
     "a@b", "a:5432", "[::1", "x" * 64, "a..b", "a\0b", "a\nb", "ä", "host=x", "a.0x10"],
)  # fmt: skip
def test_what_is_no_host(host: str) -> None:
    for use in (host_of, lambda text: ANY.check(text, 1), lambda text: ANY.target(text, 1)):
        with pytest.raises(InvalidParameterValue):
            use(host)


@pytest.mark.parametrize(
    "host", ["a", "db-1.example.org", "db_1", "1a.example", "xn--bcher-kva.example", "[::1]", "::1"]
)
def test_what_is_a_host(host: str) -> None:
    assert host_of(host) == host.strip("[]")


@pytest.mark.parametrize("text", ["a:0", "a:65536", "a:b", "10.0.0.0/33", "a/8", "[::1", ":1", "a b:c:d"])
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        rules_of(text)


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(CannotConnect, match="could not translate host name"):
        ANY.target("nowhere.invalid", 5432)

    def silent(_host: str, _seconds: float) -> Sequence[str]:
        raise TimeoutError("the name server does not answer")

    with pytest.raises(CannotConnect):
        ANY.target("db.example.org", 5432, silent)


def test_the_systems_resolver() -> None:
    assert "127.0.0.1" in ANY.target("localhost", 5432).addresses
