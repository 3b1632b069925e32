"""What a run leaves behind beside its data holds no credential and no ID that was checked."""

import pytest

from tests.end_to_end.gcs.conftest import Checked
from tests.end_to_end.gcs.inbox import inbox
from tests.end_to_end.secrecy import assert_no_credential, assert_no_id, written

pytestmark = pytest.mark.end_to_end


@pytest.mark.usefixtures("troubled", "refusing")
def test_no_credential_is_left_anywhere(checked: Checked) -> None:
    assert_no_credential(written(checked.deployment))


@pytest.mark.usefixtures("troubled", "refusing")
def test_no_checked_id_is_left_but_in_the_data(checked: Checked) -> None:
    assert_no_id(written(checked.deployment), [each for file in inbox().values() for each in file.ids])
