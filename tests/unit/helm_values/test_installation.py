"""Hub, Dex, database and the files of an installation fit one another."""

import re

from gpucommons_local.hub.dex import CLIENT_ID
from gpucommons_people.teams.team import read_teams
from reference_pages.project import ROOT

from .charts import EXAMPLE, helm_commands, named_secrets, read, releases, values
from .objects import CLUSTER, one

INSTALL_PAGE = ROOT / "docs" / "tutorial" / "install-on-your-cluster.md"


def test_hub_and_dex_agree_about_each_other(environment, hub):
    dex = values("dex", environment)
    (client,) = dex["config"]["staticClients"]
    settings = hub["config"]["DexOAuthenticator"]
    assert client["id"] == settings["client_id"] == CLIENT_ID
    assert client["redirectURIs"] == [settings["oauth_callback_url"]]
    assert dex["config"]["issuer"] == settings["issuer"]
    assert client["secretEnv"] in {each["name"] for each in dex["envVars"]}


def test_an_answer_of_dex_that_is_lost_costs_nobody_their_login(environment):
    tokens = values("dex", environment)["config"]["expiry"]["refreshTokens"]
    assert tokens["disableRotation"] is True
    assert "reuseInterval" not in tokens  # meanwhile Dex would not ask the connector again


def test_the_account_commands_find_accounts_in_dex(environment):
    config = values("dex", environment)["config"]
    assert config["storage"] == {"type": "kubernetes", "config": {"inCluster": True}}
    assert config["enablePasswordDB"] is True


def test_the_addresses_of_the_example_are_those_of_its_ingresses(hub, environment):
    hosts = values("jupyterhub", environment)["ingress"]["hosts"]
    assert hub["config"]["DexOAuthenticator"]["oauth_callback_url"] == (
        f"https://{hosts[0]}/hub/oauth_callback"
    )
    (dex,) = values("dex", environment)["ingress"]["hosts"]
    assert hub["config"]["DexOAuthenticator"]["issuer"] == f"https://{dex['host']}"
    culler = read(EXAMPLE / "idle-culler.yaml")["IdleCuller"]
    assert culler["hub_url"] == f"https://{hosts[0]}"


# What an installation brings


def test_the_example_makes_each_secret_and_issuer(environment):
    script = (EXAMPLE / "secrets" / "make.sh").read_text()
    made = set(re.findall(r"^secret \S+ (\S+)", script, re.MULTILINE))
    issuer = one(EXAMPLE / "certificates" / "issuer.yaml", "ClusterIssuer")["metadata"]["name"]
    of_cert_manager = {"hub-tls", "dex-tls"}
    for chart in ("jupyterhub", "dex"):
        given = values(chart, environment)
        assert named_secrets(given) - of_cert_manager <= made
        if environment != "dev":  # of which gpucommons init writes another issuer
            assert given["ingress"]["annotations"]["cert-manager.io/cluster-issuer"] == issuer


def test_the_install_page_installs_each_chart_as_the_helmfile_does():
    expected = {}
    for name, release in releases().items():
        files = [f"helm-values/{name}/{each}.yaml" for each in ("base", "prod")]
        files += [f"installation/{name}.yaml"] if (EXAMPLE / f"{name}.yaml").exists() else []
        expected[name] = (release.version, release.namespace, files)
    assert helm_commands(INSTALL_PAGE.read_text()) == expected


def test_the_example_makes_a_token_for_each_of_the_hubs_services(hub):
    script = (EXAMPLE / "secrets" / "make.sh").read_text()
    keys = [f"hub.services.{each}.apiToken=" for each in hub["services"]]
    assert not [each for each in keys if each not in script]


def test_the_database_is_the_one_that_the_hub_is_sent_to(hub):
    cluster = one(CLUSTER / "database" / "cluster.yaml", "Cluster")
    begun = cluster["spec"]["bootstrap"]["initdb"]
    host, name = f"{cluster['metadata']['name']}-rw", begun["database"]
    assert hub["db"]["url"].startswith(
        f"postgresql+psycopg2://{begun['owner']}@{host}:5432/{name}?"
    )
    password = hub["extraEnv"]["PGPASSWORD"]["valueFrom"]["secretKeyRef"]
    assert password == {"name": begun["secret"]["name"], "key": "password"}


def test_the_example_makes_the_config_maps_that_hub_and_culler_mount(culler):
    made = read(EXAMPLE / "kustomization.yaml")
    assert made["generatorOptions"] == {"disableNameSuffixHash": True}
    assert made["namespace"] == releases()["jupyterhub"].namespace
    mounted = {
        each["configMap"]["name"] for each in culler["spec"]["volumes"] if "configMap" in each
    }
    assert {each["name"] for each in made["configMapGenerator"]} == mounted


def test_the_teams_of_the_example_are_teams():
    assert [each.name for each in read_teams(EXAMPLE / "teams.yaml")] == ["vision"]
