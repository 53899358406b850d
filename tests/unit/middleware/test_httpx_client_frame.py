"""The frame for httpx clients: what a transport of the caller's own may count on."""

import httpx
import pytest

from exai_sre.middleware.httpx_client import instrumented_async_client, instrumented_client


@pytest.fixture
def seen():
    return []


async def test_a_transport_is_entered_before_it_answers_and_left_behind(seen):
    class Pool(httpx.AsyncBaseTransport):
        async def __aenter__(self):
            seen.append("entered")
            return self

        async def handle_async_request(self, request):
            seen.append("answered")
            return httpx.Response(200)

        async def __aexit__(self, *ended):
            seen.append("left")

    async with instrumented_async_client(transport=Pool()) as client:
        assert (await client.get("http://upstream/")).status_code == 200
    assert seen == ["entered", "answered", "left"]


def test_a_transport_without_asyncio_is_entered_before_it_answers_and_left_behind(seen):
    class Pool(httpx.BaseTransport):
        def __enter__(self):
            seen.append("entered")
            return self

        def handle_request(self, request):
            seen.append("answered")
            return httpx.Response(200)

        def __exit__(self, *ended):
            seen.append("left")

    with instrumented_client(transport=Pool()) as client:
        assert client.get("http://upstream/").status_code == 200
    assert seen == ["entered", "answered", "left"]


def test_a_client_that_is_never_entered_closes_its_transport_all_the_same(seen):
    class Pool(httpx.BaseTransport):
        def close(self):
            seen.append("closed")

    instrumented_client(transport=Pool()).close()
    assert seen == ["closed"]
