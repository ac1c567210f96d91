"""True worlds for tests: real git repositories, real Alembic projects, a real PostgreSQL."""
