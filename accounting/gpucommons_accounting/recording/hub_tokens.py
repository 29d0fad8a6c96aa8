"""Asks the hub for tokens, each for one session."""

import json
from collections.abc import Sequence
from http import HTTPStatus

from gpucommons_contract import Endpoint
from gpucommons_upkeep.http_client import CALL_ERRORS, HTTPClient
from gpucommons_upkeep.session_tokens import MakeTokens

from gpucommons_accounting.recording.meters.session import NoTokensError

_SECONDS = 10.0


def makes_tokens(calls: HTTPClient, api_url: str, token: str) -> MakeTokens:
    """Return what has the hub make them. api_url: such as ``http://hub:8081/hub/api``."""
    url = f"{api_url.rstrip('/')}/{Endpoint.HUB_SESSION_TOKENS.removeprefix('api/')}"

    async def make(servers: Sequence[tuple[str, str]]) -> tuple[Sequence[str], float]:
        body = json.dumps({"servers": servers})
        try:
            answer = await calls.send("POST", url, token, seconds=_SECONDS, json=body)
            if answer.status == HTTPStatus.FORBIDDEN:
                raise NoTokensError("The hub's role for accounting lacks access:servers.")
            if answer.status != HTTPStatus.OK:
                raise NoTokensError(f"The hub answered {answer.status}.")
            said = json.loads(answer.body)
            tokens = [str(each) for each in said["tokens"]]
            if len(tokens) != len(servers):
                raise ValueError(f"{len(tokens)} tokens for {len(servers)} sessions")
            return tokens, float(said["expires_in"])
        except (*CALL_ERRORS, KeyError, TypeError) as error:
            why = str(error) or type(error).__name__
            raise NoTokensError(f"The hub gives no tokens for sessions: {why}.") from error

    return make
