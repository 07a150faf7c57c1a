"""What people see and do about the hub's own work: its jobs."""
