"""All addresses of accounting, put together."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from gpucommons_contract import Endpoint
from gpucommons_contract.words.pages import MOMENTS, SCRIPTS
from gpucommons_contract.words.requests import LanguageOfRequest
from gpucommons_upkeep import Heartbeat
from gpucommons_upkeep.logs.requests import RequestLogged
from gpucommons_web.health import HealthHandler, trouble_of
from jupyterhub.services.auth import HubOAuth
from tornado.web import Application, RequestHandler, StaticFileHandler

from gpucommons_accounting.web.api import CapacityAPI, PricesAPI, SessionsAPI, UsageAPI
from gpucommons_accounting.web.asking import Records
from gpucommons_accounting.web.budgets.api import (
    BalancesAPI,
    BudgetHistoryAPI,
    BudgetsAPI,
    GrantsAPI,
    RefundsAPI,
)
from gpucommons_accounting.web.budgets.budgeting import Budgeting
from gpucommons_accounting.web.budgets.pages import (
    BudgetHistoryPage,
    BudgetsPage,
    Grant,
    Refund,
    SetBudget,
)
from gpucommons_accounting.web.capacity.capacity_plan import CapacityPlanPage, ReplayAPI
from gpucommons_accounting.web.capacity.demand import DemandAPI, FactsAPI, WaitsAPI, WaitsPage
from gpucommons_accounting.web.capacity.free_hours import FreeHoursAPI, FreeHoursPage
from gpucommons_accounting.web.erasing import Erasing, ErasuresAPI
from gpucommons_accounting.web.metrics import AccountingMetrics, StoredMetricsHandler
from gpucommons_accounting.web.pages import EverybodyPage, HomePage, NothingHere, SignedInPage
from gpucommons_accounting.web.pilot.feedback_pages import FeedbackPage, NotNow
from gpucommons_accounting.web.pilot.pages import PilotAPI, PilotPage
from gpucommons_accounting.web.pilot.pilot import Pilot
from gpucommons_accounting.web.rendering import STATIC
from gpucommons_accounting.web.report_pages import OverTimeAPI, ReportPage
from gpucommons_accounting.web.sessions.pages import RefundSession, SessionsPage
from gpucommons_accounting.web.teams.leading import Leading
from gpucommons_accounting.web.teams.pages import TeamAPI, TeamPage


def application(
    records: Records,
    budgeting: Budgeting,
    leading: Leading,
    pilot: Pilot,
    hub_auth: HubOAuth,
    *,
    cookie_secret: bytes,
    erasing: Erasing,
    metrics: AccountingMetrics,
    lab_name: str,
    hearts: Sequence[Heartbeat],
) -> Application:
    """Make the application; it listens below the prefix of ``hub_auth``, and for machines at /.

    cookie_secret: signs cookies. Replicas need the same one; a new one signs everybody out.
    """
    api: dict[str, Any] = {"hub_auth": hub_auth, "records": records, "budgeting": budgeting}
    page = {**api, "lab_name": lab_name, "leading": leading, "pilot": pilot}
    health = {"health": partial(trouble_of, hearts)}
    below: list[tuple[str, type[RequestHandler], dict[str, Any]]] = [
        ("", HomePage, page),
        ("everybody", EverybodyPage, page),
        ("sessions", SessionsPage, page),
        ("sessions/refund", RefundSession, page),
        ("budgets", BudgetsPage, page),
        ("budgets/set", SetBudget, page),
        ("budgets/grant", Grant, page),
        ("budgets/refund", Refund, page),
        ("budgets/history", BudgetHistoryPage, page),
        ("team/([^/]+)", TeamPage, page),
        ("api/team/([^/]+)", TeamAPI, {"hub_auth": hub_auth, "leading": leading}),
        ("api/usage", UsageAPI, api),
        ("api/sessions", SessionsAPI, api),
        ("api/capacity", CapacityAPI, api),
        ("api/prices", PricesAPI, api),
        (Endpoint.BALANCES, BalancesAPI, api),
        ("api/budgets", BudgetsAPI, api),
        ("api/budgets/history", BudgetHistoryAPI, api),
        ("api/grants", GrantsAPI, api),
        ("api/refunds", RefundsAPI, api),
        ("api/erasures", ErasuresAPI, {"hub_auth": hub_auth, "erasing": erasing}),
        ("waits", WaitsPage, page),
        ("plan-capacity", CapacityPlanPage, page),
        ("free-hours", FreeHoursPage, page),
        ("report", ReportPage, page),
        ("feedback", FeedbackPage, page),
        ("feedback/not-now", NotNow, page),
        ("pilot", PilotPage, page),
        ("api/pilot", PilotAPI, {"hub_auth": hub_auth, "pilot": pilot}),
        ("api/over-time", OverTimeAPI, api),
        ("api/free-hours", FreeHoursAPI, api),
        (Endpoint.ACCOUNTING_FACTS, FactsAPI, api),
        ("api/demand", DemandAPI, api),
        ("api/waits", WaitsAPI, api),
        ("api/replay", ReplayAPI, api),
        ("oauth_callback", SignedInPage, page),
        ("static/(.*)", StaticFileHandler, {"path": str(STATIC)}),
        (f"shared/({MOMENTS})", StaticFileHandler, {"path": str(SCRIPTS)}),
        ("health", HealthHandler, {**health, "in_detail": False}),
    ]
    prefix = hub_auth.base_url
    return Application(
        [
            *[(prefix + path, handler, given) for path, handler, given in below],
            ("/metrics", StoredMetricsHandler, {"metrics": metrics}),
            ("/health", HealthHandler, {**health, "hearts": hearts}),
        ],
        cookie_secret=cookie_secret,
        transforms=[LanguageOfRequest, RequestLogged],
        default_handler_class=NothingHere,
        default_handler_args=page,
        xsrf_cookies=False,  # JupyterHub checks it wherever a cookie identifies somebody
    )
