"""Talks to the driver program's control port (docker/spark/agent.py), over plain HTTP with the cluster's token."""

from __future__ import annotations

import http.client
import json
from typing import Any

from engine.clusters.sight import Agent

TIMEOUT_S = 5.0
ANSWER_BYTES_MAX = 1 << 20


class AgentError(Exception):
    """It cannot be reached, or refuses."""


def agent_state(address: str, token: str) -> Agent:
    """What the driver at `host:port` tells of itself. Raises AgentError."""
    return _agent(_call("GET", address, "/state", token))


def ask_workers(address: str, token: str, workers: int) -> Agent:
    """From now on that many workers; answers at once. Raises AgentError."""
    return _agent(_call("POST", address, f"/scale/{workers}", token))


def _agent(told: dict[str, Any]) -> Agent:
    try:
        return Agent(
            registered=len(told["executors"]),
            ready=told["ready"] and not told["stopped"] and not told["draining"],
            wanted=told["wanted"],
            running=told["running"],
            idle_s=told["idle_s"],
            uptime_s=told["uptime_s"],
            draining=told["draining"],
            application=told["application"] or None,
        )
    except (KeyError, TypeError) as error:
        raise AgentError(f"the control port answered something else: {error}") from error


def _call(method: str, address: str, path: str, token: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)  # never through a proxy: it is a pod
    try:
        connection.request(method, path, headers={"Authorization": f"Bearer {token}", "Content-Length": "0"})
        answer = connection.getresponse()
        data = answer.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException) as error:
        raise AgentError(f"the control port cannot be reached: {error}") from error
    finally:
        connection.close()
    try:
        told = json.loads(data)
    except ValueError as error:
        raise AgentError(f"the control port answered status {answer.status}") from error
    if answer.status != 200 or not isinstance(told, dict):
        what = told.get("error") if isinstance(told, dict) else None
        raise AgentError(f"the control port answered status {answer.status}: {what}")
    return told
