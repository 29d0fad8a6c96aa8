"""What was measured, on SQLite."""

from .activity_behaviour import ActivityBehaviour


class TestOnSqlite(ActivityBehaviour):
    pass
