"""What the answers of the token endpoint mean."""

import pytest
from gpucommons_authenticator.errors import (
    ClientRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    TokenRejectedError,
    UnclearAnswerError,
)
from gpucommons_authenticator.provider.http_client import Answer
from gpucommons_authenticator.provider.tokens import parse_tokens


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (Answer(400, {"error": "invalid_grant"}), ProviderRefusedError),
        (Answer(500, {"error": "invalid_request"}), UnclearAnswerError),
        (Answer(503, {"error": "temporarily_unavailable"}), ProviderUnavailableError),
        (Answer(401, {"error": "invalid_client"}), ClientRefusedError),
        (Answer(429, {"error": "slow_down"}), ProviderUnavailableError),
        (Answer(429, {"error": "invalid_request"}), ProviderUnavailableError),
        (Answer(403, {"error": "forbidden"}), ProviderUnavailableError),
        (Answer(404, {"error": "not_found"}), ProviderUnavailableError),
        (Answer(302, {"error": "moved"}), ProviderUnavailableError),
        (Answer(500, {"error": "upstream connect error"}), ProviderUnavailableError),
        (Answer(503, {"error": "invalid_request"}), ProviderUnavailableError),
        (Answer(500, {"error": "server_error"}), ProviderUnavailableError),
        (Answer(200, {"error": "invalid_grant"}), ProviderUnavailableError),
        (Answer(502, {}), ProviderUnavailableError),
        (Answer(200, {"access_token": "a"}), TokenRejectedError),
        (Answer(200, {"access_token": "a", "id_token": ["x"]}), TokenRejectedError),
    ],
)
def test_a_no_an_outage_and_a_mistake_are_told_apart(answer, meaning):
    with pytest.raises(meaning) as refusal:
        parse_tokens(answer)
    assert type(refusal.value) is meaning


def test_an_error_is_never_quoted_beyond_its_code():
    body = {"error": "bad\nid_token=eyJ.x.y", "error_description": "refresh_token=hush"}
    with pytest.raises(ProviderRefusedError) as refusal:
        parse_tokens(Answer(400, body))
    assert "eyJ" not in str(refusal.value)
    assert "hush" not in str(refusal.value)
