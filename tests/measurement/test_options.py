"""Options are refused where they are made: before a log is read, with what is allowed."""

import pandas as pd
import pytest

from truerisk.errors import LogError
from truerisk.measurement.options import Changes, Flagging, Reading


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"thresholds": [0.1, float("nan")]}, "A threshold is nan; allowed is a number that is"),
        ({"thresholds": [float("inf")]}, "A threshold is inf; allowed is a number that is finite"),
        ({"below": [float("nan")]}, "A threshold is nan; allowed is a number that is finite"),
        ({"shares": [0.0]}, "A share is 0; allowed is a number above 0 and at most 1"),
        ({"shares": [1.5]}, "A share is 1.5; allowed is a number above 0 and at most 1"),
        ({"capacities": [0]}, "A capacity is 0; allowed is a number above 0"),
        ({"shares": 0.1}, r"shares is 0.1; give a list, such as shares=\[0.1\]"),
    ],
)
def test_whom_to_flag(given: dict, said: str) -> None:
    with pytest.raises(LogError, match=said):
        Flagging(**given)


def test_a_change_has_a_name_that_is_not_that_of_what_ran() -> None:
    frame = pd.DataFrame({"approve": [1.0]})
    with pytest.raises(LogError, match='cannot be called "as run"; name it otherwise'):
        Changes(policies={"as run": frame})
    with pytest.raises(LogError, match="policies is a DataFrame; give each a name"):
        Changes(policies=frame)
    with pytest.raises(LogError, match=r'rivals is a Series; .* rivals=\{"challenger": …\}'):
        Changes(rivals=frame["approve"])


def test_one_column_is_a_list_of_one() -> None:
    with pytest.raises(
        LogError, match=r"cluster is 'device'; give a list, such as cluster=\['device'\]"
    ):
        Reading(cluster="device")
    assert Reading(cluster=["device"]).reveals == ()
