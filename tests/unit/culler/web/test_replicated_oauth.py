"""What is known of a sign-in under way travels with it, for replicas alone to read."""

import base64
import json

import pytest
from cryptography.fernet import Fernet
from gpucommons_web.replicated_oauth import ReplicatedOAuth

NEXT = "/services/idle/history"


def _replica(token: str = "the token of all replicas", **settings: object) -> ReplicatedOAuth:
    return ReplicatedOAuth(api_token=token, base_url="/services/idle/", **settings)


def test_another_replica_ends_what_one_began():
    state = _replica().generate_state(NEXT, code_verifier="v", cookie_name="c-2")
    other = _replica()
    assert other.get_next_url(state) == NEXT
    assert other.get_code_verifier(state) == "v"
    assert other.get_state_cookie_name(state) == "c-2"


def test_nobody_else_reads_the_secret_that_ends_a_sign_in():
    state = _replica().generate_state(NEXT, code_verifier="the-verifier")
    assert b"the-verifier" not in base64.urlsafe_b64decode(state)


@pytest.mark.parametrize("of", ["another service", "nobody"])
def test_a_state_that_is_not_ours_leads_to_our_own_first_page(of):
    forged = {
        "another service": lambda: _replica("another token").generate_state("https://example.org"),
        "nobody": lambda: base64.urlsafe_b64encode(
            json.dumps({"next_url": "https://example.org"}).encode()
        ).decode(),
    }[of]()
    replica = _replica()
    assert replica.get_next_url(forged) == "/services/idle/"
    assert replica.get_code_verifier(forged) is None


def test_a_state_is_good_for_ten_minutes(monkeypatch):
    state = _replica().generate_state(NEXT)
    replica = _replica()
    assert replica.oauth_state_max_age == 600

    def in_eleven_minutes(self: Fernet, token: str, ttl: int) -> bytes:
        return self.decrypt_at_time(token, ttl, self.extract_timestamp(token) + 660)

    with monkeypatch.context() as patch:
        patch.setattr(Fernet, "decrypt", in_eleven_minutes)
        assert replica.get_next_url(state) == "/services/idle/"
    assert replica.get_next_url(state) == NEXT
