"""An account's fault as what a skill says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ..skills import SkillError
from . import AccountError

log = logging.getLogger(__name__)


@contextmanager
def honest(language: str) -> Iterator[None]:
    """Turns AccountError into a SkillError with its sentence; the log has the details."""
    try:
        yield
    except AccountError as error:
        log.warning("%s", error)
        raise SkillError(error.sentence(language)) from error
