"""Features as statements for a warehouse of somebody else's."""
