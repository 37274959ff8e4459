from testkit.abroad import abroad, connection, heard, rita, watch  # noqa: F401
