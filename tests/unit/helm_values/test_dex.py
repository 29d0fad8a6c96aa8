"""What Dex tells browsers about its pages."""

from gpucommons_contract.page_policy import CONTENT_POLICY, HEADERS, content_hash
from gpucommons_local.hub.dex import web_headers

from .charts import values

_LEADS_TO_SAML = "\n\t\t\t\t    document.forms[0].submit();\n\t\t\t\t"
"""The one script that Dex writes into a page. Source: its server/handlers.go."""


def _policy(environment: str) -> dict[str, str]:
    headers = values("dex", environment)["config"]["web"]["headers"]
    return dict(each.split(" ", 1) for each in headers[CONTENT_POLICY].split("; "))


def test_no_script_runs_but_the_one_that_leads_to_a_provider_by_saml(environment):
    policy = _policy(environment)
    assert policy["script-src"] == content_hash(_LEADS_TO_SAML)
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"


def test_forms_lead_where_the_hub_and_providers_are(environment):
    assert "form-action" not in _policy(environment)


def test_other_headers_are_those_of_the_hub_as_far_as_dex_knows_them(environment):
    headers = values("dex", environment)["config"]["web"]["headers"]
    assert headers.keys() & HEADERS.keys() == {"X-Content-Type-Options"}
    assert headers["X-Content-Type-Options"] == HEADERS["X-Content-Type-Options"]


def test_the_local_platform_s_dex_says_the_same_and_shows_a_logo_by_http(environment):
    theirs = values("dex", environment)["config"]["web"]["headers"]
    ours = web_headers("http://127.0.0.1:8000")
    assert "img-src 'self' data: https: http://127.0.0.1:8000;" in ours[CONTENT_POLICY]
    assert ours[CONTENT_POLICY].replace(" http://127.0.0.1:8000", "") == theirs[CONTENT_POLICY]
