"""What a stream holds, in bytes: a run that speaks without end is stopped before the disk is full."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("record", "0010_judgement_lease"),
    ]

    operations = [
        migrations.AddField(
            model_name="streamhead",
            name="bytes",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
