"""Features as they were known at each application's own time; one definition for every use."""
