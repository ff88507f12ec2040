"""Every conversation, with a real PostgreSQL and with the gateway: the same messages in the same order."""

from __future__ import annotations

import pytest

from tests.wire import conversation
from tests.wire.conversation import Conversation
from tests.wire.gateway_process import GatewayProcess
from tests.wire.oracle import FOLDER
from tests.wire.raw_client import Address, RawClient

CONVERSATIONS = [
    pytest.param(each, id=f"{path.stem}: {each.title}")
    for path in sorted(FOLDER.glob("*.pgt"))
    for each in conversation.read(path)
]


def hold(each: Conversation, address: Address) -> None:
    with RawClient(address) as client:
        client.log_in()
        for block in each.blocks:
            assert conversation.exchange(client, block) == block.expected, block.text()


@pytest.mark.parametrize("each", CONVERSATIONS)
def test_postgresql_says_so(each: Conversation, postgres: Address) -> None:
    hold(each, postgres)


@pytest.mark.parametrize("each", CONVERSATIONS)
def test_the_gateway_says_the_same(each: Conversation, gateway: GatewayProcess) -> None:
    hold(each, gateway.address)
