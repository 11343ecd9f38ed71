"""Projects as they are registered: who, with whom, for which theme, with what money, judged by which KPIs."""
