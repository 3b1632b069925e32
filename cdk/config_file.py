"""Settings in a file: ``config.yaml``, or several such files for several deployments."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from cdk.yaml_file import read_yaml

CONFIG_FILE: Final = "config.yaml"

_COMMAND_LINE_ALONE: Final = "sandbox"


def read_settings(file: str, names: Collection[str], *, is_needed: bool) -> dict[str, Any]:
    """The settings that a YAML file gives, by their names; none where ``file`` is empty.

    Raises ValueError, naming the file and the key, for what is no setting, or given twice; and where the file cannot
    be read, also when there is none, if it ``is_needed``.
    """
    if not file or (not is_needed and not Path(file).exists()):
        return {}
    content = read_yaml(Path(file))
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise ValueError(f"{file} must have settings, one a line, as in: prefix: Archive")
    for key in content:
        if key == _COMMAND_LINE_ALONE:
            raise ValueError(f"{file}: {key} is for the command line alone")
        if key not in names:
            near = get_close_matches(str(key), names, n=1)
            raise ValueError(f"{file}: {key} is no setting" + (f"; did you mean {near[0]}?" if near else ""))
    return dict(content)
