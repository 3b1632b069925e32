"""Files that are there when they are whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import BotoCoreError

from xcompliance.errors import CommandError


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Where to write what becomes ``file`` at the end of the context, unless that is left by an error.

    Raises CommandError when it cannot be written.
    """
    unfinished = file.with_name(f"{file.name}.part")
    try:
        yield unfinished
        unfinished.replace(file)
    except BotoCoreError:
        raise  # some of those are OSErrors too, and of the network
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
