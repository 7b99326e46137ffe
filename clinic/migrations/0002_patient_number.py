"""A sequence for record numbers: two receptionists registering at once never get the same one."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("clinic", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="CREATE SEQUENCE clinic_patient_number START 1001",
            reverse_sql="DROP SEQUENCE clinic_patient_number",
        ),
    ]
