"""What people see and do about the hub's own work: its jobs, the tasks that come of them, and the audit log."""
