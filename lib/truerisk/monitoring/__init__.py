"""What is looked at again and again: the ledger measured, and everything its page shows."""
