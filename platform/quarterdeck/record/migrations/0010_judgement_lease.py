from django.db import migrations


class Migration(migrations.Migration):
    """The column stays for processes of the version before, which write it until they are replaced; a later migration may
    drop it from the table."""

    dependencies = [
        ("record", "0009_images_and_judgements"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="judgement", name="lease_until"),
            ],
        ),
    ]
