"""Settings of mail about budgets."""

from gpucommons_upkeep.mail_settings import MailSettings
from traitlets import Unicode


class BudgetMail(MailSettings):
    """Tells people by mail how far their budget is used, and leads how far that of their team."""

    hub_url = Unicode(
        "",
        config=True,
        help="""
        Address at which people open the hub, for the link to what was used; empty omits it.
        Example: ``https://hub.example.org``
        """,
    )
