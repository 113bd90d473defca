"""Why a round trip failed."""


class Failure(Exception):
    """`reason` is one of refused, timeout, authentication, wrong-server, protocol; `message` holds no secret;
    `remedy` says what to do next."""

    def __init__(self, reason, message, remedy=None):
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.remedy = remedy


def refused_password(variable, remedy=""):
    return Failure("authentication", "the server refuses the password", f"check the password in {variable}{remedy}")
