"""Statistics on plain arrays: numpy in, numbers out, nothing of ours below."""
