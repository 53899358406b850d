"""The correctness cases C1 to C31, run against this library and the known ones of Python."""
