"""What one step of a flow does across layers."""
