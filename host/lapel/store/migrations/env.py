"""Alembic's entry: runs the steps on the connection that `migrate.upgrade` gave."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
