"""The files of an Alembic project, as `alembic init` writes them but for the comments.

`@NAME@` marks what `world.py` fills in; Alembic's and Mako's own `%` and `{}` stay as they are.
"""

GITIGNORE = "__pycache__/\n"

LOGGING = """\
[loggers]
keys = root,sqlalchemy,alembic

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console
qualname =

[logger_sqlalchemy]
level = WARNING
handlers =
qualname = sqlalchemy.engine

[logger_alembic]
level = INFO
handlers =
qualname = alembic

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
datefmt = %H:%M:%S
"""

ENV_HEAD = """\
import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
if config.config_file_name is not None and os.path.exists(config.config_file_name):
    fileConfig(config.config_file_name)

OPTIONS = @OPTIONS@


def run_migrations_offline() -> None:
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        **OPTIONS,
    )
    with context.begin_transaction():
        context.run_migrations()


def do_run_migrations(connection) -> None:
    context.configure(connection=connection, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()

"""

ENV_TAIL = """

if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""

# Where no ini holds the URL, projects import it from their own code: only `prepend_sys_path` makes that work.
ENV_SETTINGS_URL = """
from settings import DATABASE_URL  # noqa: E402

config.set_main_option("sqlalchemy.url", DATABASE_URL.replace("%", "%%"))
"""

ENV_GENERIC = """
def run_migrations_online() -> None:
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    with connectable.connect() as connection:
        do_run_migrations(connection)
"""

ENV_ASYNC = """
async def run_async_migrations() -> None:
    from sqlalchemy.ext.asyncio import async_engine_from_config

    connectable = async_engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    async with connectable.connect() as connection:
        await connection.run_sync(do_run_migrations)
    await connectable.dispose()


def run_migrations_online() -> None:
    import asyncio

    asyncio.run(run_async_migrations())
"""

ENV_MULTIDB = """
def run_migrations_online() -> None:
    import re

    engines = {}
    for name in re.split(r",\\s*", config.get_main_option("databases", "")):
        engine = engine_from_config(
            config.get_section(name, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
        )
        connection = engine.connect()
        engines[name] = connection, connection.begin()
    try:
        for name, (connection, _) in engines.items():
            context.configure(
                connection=connection,
                upgrade_token=f"{name}_upgrades",
                downgrade_token=f"{name}_downgrades",
                **OPTIONS,
            )
            context.run_migrations(engine_name=name)
        for _, transaction in engines.values():
            transaction.commit()
    except:
        for _, transaction in engines.values():
            transaction.rollback()
        raise
    finally:
        for connection, _ in engines.values():
            connection.close()
"""

ENVS = {"generic": ENV_GENERIC, "async": ENV_ASYNC, "multidb": ENV_MULTIDB}

MAKO = '''\
"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

# revision identifiers, used by Alembic.
revision: str = ${repr(up_revision)}
down_revision: Union[str, Sequence[str], None] = ${repr(down_revision)}
branch_labels: Union[str, Sequence[str], None] = ${repr(branch_labels)}
depends_on: Union[str, Sequence[str], None] = ${repr(depends_on)}


def upgrade(@PARAMETER@) -> None:
    """Upgrade schema."""
    ${upgrades if upgrades else "pass"}


def downgrade(@PARAMETER@) -> None:
    """Downgrade schema."""
    ${downgrades if downgrades else "pass"}
'''

REVISION = '''\
"""@MESSAGE@

Revision ID: @ID@
Revises: @PARENTS@
Create Date: 2024-01-01 00:00:00

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = @REVISION@
down_revision: Union[str, Sequence[str], None] = @DOWN@
branch_labels: Union[str, Sequence[str], None] = @LABELS@
depends_on: Union[str, Sequence[str], None] = @DEPENDS@


def upgrade(@PARAMETER@) -> None:
    """Upgrade schema."""
@UPGRADE@


def downgrade(@PARAMETER@) -> None:
    """Downgrade schema."""
@DOWNGRADE@
'''
