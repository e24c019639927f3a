"""Reads a YAML file of data/ into a pydantic model, with errors that name file, field and fix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from actions.knowledge.errors import InvalidData

Model = TypeVar("Model", bound=BaseModel)


def read(path: Path, model: type[Model], context: Mapping[str, Any] | None = None) -> Model:
    """One object of the file; `context` is handed to the model's validators.

    Raises:
        InvalidData: the file is missing, is not YAML, or does not fit `model`.
    """
    found: Model = _validated(path, TypeAdapter(model), context)
    return found


def read_map(path: Path, model: type[Model]) -> dict[str, Model]:
    """A file that is a mapping from ids to objects.

    Raises:
        InvalidData: as `read`.
    """
    adapter = TypeAdapter(dict[str, model])  # type: ignore[valid-type]
    found: dict[str, Model] = _validated(path, adapter)
    return found


def _validated(
    path: Path, adapter: TypeAdapter[Any], context: Mapping[str, Any] | None = None
) -> Any:
    try:
        return adapter.validate_python(_load(path), context=context)
    except ValidationError as error:
        details = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'fichier'}: {item['msg']}"
            for item in error.errors()
        )
        raise InvalidData(f"{path}: {details}") from error


def _load(path: Path) -> Any:
    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, YAMLError, ValueError) as error:  # ValueError: a date such as 2025-13-06
        raise InvalidData(f"{path}: {error}") from error
