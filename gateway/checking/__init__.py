"""Consistency checks (整合性確認, flow 6) put together: sending of records, telling of what was found."""
