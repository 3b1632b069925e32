"""YAML as deployers write it: read safely, and no key twice."""

from pathlib import Path
from typing import Any

import yaml


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; None of an empty one. Raises ValueError, naming the file, where it can't be read."""
    try:
        return yaml.load(path.read_text(), _Loader)  # noqa: S506 -- the safe loader, with one more rule
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None


class _Loader(yaml.SafeLoader):
    """YAML's, but of two values for one key it would take the second without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                raise yaml.constructor.ConstructorError(None, None, f"{key} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)
