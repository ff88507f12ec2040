"""Networks that gateways outside of Kubernetes come from."""

from __future__ import annotations

import pytest

from catalog.errors import ConfigFileError
from engine.clusters.origin import networks, own_network
from engine.clusters.place import Place, TenantData
from engine.clusters.tenancy import network_policy


def test_lists_of_networks() -> None:
    assert networks("") == ()
    assert networks("10.1.0.0/16, fd00::/64 ,192.0.2.7") == ("10.1.0.0/16", "fd00::/64", "192.0.2.7/32")


@pytest.mark.parametrize("text", ["here", "10.1.2.3/16", ",".join(["10.0.0.0/8"] * 65)])
def test_lists_that_are_none(text: str) -> None:
    with pytest.raises(ConfigFileError, match="gateway_networks"):
        networks(text)


def test_a_server_behind_loopback_or_unknown_tells_nothing() -> None:
    assert own_network("https://127.0.0.1:6443") == ()
    assert own_network("https://[::1]:6443") == ()
    assert own_network("https://name.invalid:6443") == ()


def test_the_policy_lets_them_reach_drivers_and_nothing_else() -> None:
    place = Place("s", "kadali-", "image", gateways=("10.212.0.1/32",))
    spec = network_policy(place, "acme", TenantData())["spec"]
    own, gateways = spec["ingress"]  # type: ignore[index]
    assert own == {"from": [{"podSelector": {}}]}
    assert {"ipBlock": {"cidr": "10.212.0.1/32"}} in gateways["from"]
    assert [port["port"] for port in gateways["ports"]] == [15002, 9400, 4040]
