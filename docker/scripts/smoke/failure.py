"""Why a round trip failed, and what is done in spite of it."""

import contextlib


class Failure(Exception):
    """`reason` is one of refused, configuration, timeout, authentication, wrong-server, protocol; `message`
    holds no secret; `remedy` says what to do next."""

    def __init__(self, reason, message, remedy=None):
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.remedy = remedy


@contextlib.contextmanager
def afterwards(*steps):
    """Does each of the steps after the block, whatever happens in it. When the block or a step has failed, that is what
    is told, and not that a later step fails too."""
    failed = None
    try:
        yield
    except Exception as error:  # noqa: BLE001
        failed = error
    for step in steps:
        try:
            step()
        except Exception as error:  # noqa: BLE001
            failed = failed or error
    if failed:
        raise failed


def refused_password(variable, remedy=""):
    return Failure("authentication", "the server refuses the password", f"check the password in {variable}{remedy}")
