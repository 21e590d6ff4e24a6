"""Models: which there are, whether they have arrived, and fetching them."""

from lapel.models.catalogue import (
    Model,
    ModelError,
    ModelFile,
    Package,
    catalogue,
    find,
    is_ready,
    missing_bytes,
    models_dir,
    path,
    verify,
)
from lapel.models.download import Progress, fetch
from lapel.models.progress import progress_bar

__all__ = [
    "Model",
    "ModelError",
    "ModelFile",
    "Package",
    "Progress",
    "catalogue",
    "fetch",
    "find",
    "is_ready",
    "missing_bytes",
    "models_dir",
    "path",
    "progress_bar",
    "verify",
]
