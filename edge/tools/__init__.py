"""What a technician runs by hand beside the agent."""
