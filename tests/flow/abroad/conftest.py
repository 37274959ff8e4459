from testkit.abroad import abroad, connection, heard, rita, taken, watch  # noqa: F401
