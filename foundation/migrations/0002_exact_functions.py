"""exact_div and exact_mul on PostgreSQL; SQLite gets its own on each connection."""

from django.db import migrations

from foundation.exact_sql import POSTGRES_FUNCTIONS


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRES_FUNCTIONS)


class Migration(migrations.Migration):
    dependencies = [("foundation", "0001_initial")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
