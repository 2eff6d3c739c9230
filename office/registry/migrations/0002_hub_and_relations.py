"""The hub's tables in the same file, and the relations of rule 13.2 as shipped."""

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from office.hub.schema import found_tables
from office.site.directory import chosen_directory, open_directory

RELATIONS = (
    ("self", "本人", "applicant", True),
    ("spouse", "配偶", "spouse", True),
    ("parent", "父母", "parent", True),
    ("child", "子女", "child", True),
    ("grandparent", "祖父母/外祖父母", "grandparent", True),
    ("grandchild", "孙子女/外孙子女", "grandchild", True),
    ("spouse-parent", "配偶父母", "spouse's parent", False),
    ("child-spouse", "子女配偶", "child's spouse", False),
    ("sibling", "兄弟姐妹", "sibling", False),
    ("other-relative", "其他亲属", "other relative", False),
    ("tenant", "租户", "tenant", False),
    ("domestic-worker", "保姆/家政", "domestic worker", False),
    ("friend", "朋友", "friend", False),
    ("other", "其他", "other", False),
)
"""Direct relatives are an editable table; spouse's parents and children's spouses are listed but off."""


def _found(_apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    estate_id = open_directory(chosen_directory()).estate_id
    if editor.connection.vendor == "postgresql":
        from office.hub import postgresql_schema  # noqa: PLC0415 - SQLite needs none of it

        postgresql_schema.found_tables(editor.connection.connection, estate_id)
    else:
        found_tables(editor.connection.connection, estate_id)


def _relations(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    kinds = apps.get_model("registry", "RelationKind")
    for position, (code, name_zh, name_en, direct) in enumerate(RELATIONS):
        kinds.objects.create(code=code, name_zh=name_zh, name_en=name_en, direct=direct, position=position)


class Migration(migrations.Migration):
    """After the registry's own tables."""

    dependencies = (
        ("registry", "0001_first"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )
    operations = (
        migrations.RunPython(_found, migrations.RunPython.noop),
        migrations.RunPython(_relations, migrations.RunPython.noop),
    )
