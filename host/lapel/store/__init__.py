"""What the relay keeps: turns, in a database behind SQLAlchemy (SQLite by default)."""
