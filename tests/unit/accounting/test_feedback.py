"""Answers on SQLite."""

from .feedback_behaviour import FeedbackBehaviour


class TestOnSQLite(FeedbackBehaviour):
    pass
