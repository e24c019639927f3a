"""Alembic environment: runs the revisions on the connection `allobot.database.upgrade` opened."""

from alembic import context

from allobot.database import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
