"""What is raised for options that cannot be used."""

from http import HTTPStatus


class SelectionError(ValueError):
    """The options cannot be used. The text is for the person who gave them.

    option is the one that is wrong, or lacking; status the HTTP status that says so to an API
    client.
    """

    def __init__(
        self, message: str, option: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> None:
        super().__init__(message)
        self.option = option
        self.status = status
