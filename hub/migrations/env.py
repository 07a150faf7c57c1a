"""Alembic's entrance: runs the revisions against the address that hub.setup hands over."""

from alembic import context
from sqlalchemy import create_engine

from hub.app import load_tables

engine = create_engine(context.config.attributes["url"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=load_tables(), render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
