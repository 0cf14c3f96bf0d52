"""The page that is looked at every week."""
