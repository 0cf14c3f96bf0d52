"""Review: a person's verdict, its due time, the audit of what it declines, the queue."""
