"""What changes a project: registering it, its sections one by one, its KPIs, its corrections."""
