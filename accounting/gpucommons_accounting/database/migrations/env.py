"""Run by Alembic: migrate the database that the store has opened, in its transaction."""

from alembic import context
from gpucommons_accounting.database.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
