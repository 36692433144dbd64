from tests.collectors.test_trail_bucket import put, reader  # noqa: F401 - fixtures
