"""What was done, in words: actions are named by their owner, and every name must read well."""

import pytest

from truerisk.wording.past import past

DONE = """
approve approved, decline declined, pass passed, contact contacted, skip skipped, deny denied,
review reviewed, hold held, withhold withheld, send sent, resend resent, pay paid, repay repaid,
lend lent, freeze frozen, unfreeze unfrozen, cut cut, reset reset, sell sold, give given,
offer offered, refer referred, defer deferred, transfer transferred, submit submitted,
permit permitted, limit limited, control controlled, audit audited, flag flagged, block blocked,
delay delayed, show shown, fix fixed, verify verified, release released, refund refunded,
need needed, agree agreed, add added, call called, email emailed, appeal appealed,
question questioned, approved approved, held held
"""


@pytest.mark.parametrize("pair", DONE.split(","))
def test_a_verb_in_the_past(pair: str) -> None:
    action, done = pair.split()
    assert past(action) == done


@pytest.mark.parametrize(
    "action", ["manual", "approval", "rejection", "payment", "none", "pending"]
)
def test_what_is_no_verb_is_given(action: str) -> None:
    assert past(action) == f'given "{action}"'


def test_several_words_are_given() -> None:
    assert past("send_offer") == 'given "send offer"'
