"""aiohttp's client against the example servers at $PAGES and $INSPECT."""

import asyncio
import os

import aiohttp

PAGES, INSPECT = "http://" + os.environ["PAGES"], "http://" + os.environ["INSPECT"]
TRIES = 20


def ok(name, holds, got=""):
    if not holds:
        raise SystemExit(f"FAIL aiohttp: {name}: {got!r}")
    print(f"ok   aiohttp: {name}")


async def pieces(total):
    for at in range(0, total, 50_000):
        yield b"x" * min(50_000, total - at)


async def connections(session, requests):
    """How many connections the requests take, one after the other."""
    made = 0

    async def count(*_):
        nonlocal made
        made += 1

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(count)
    async with aiohttp.ClientSession(trace_configs=[trace]) as own:
        for method, path in requests:
            async with own.request(method, PAGES + path) as answer:
                await answer.read()
    return made


async def main():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        made = await connections(session, [("GET", "/"), ("HEAD", "/file"), ("GET", "/nothing"), ("DELETE", "/"), ("GET", "/chunked")] * 10)
        ok("50 requests on one connection", made == 1, made)
        answers = await asyncio.gather(*(fetch(session, "GET", PAGES + "/") for _ in range(200)))
        ok("200 at a time", answers == [(200, b"Hello, World!")] * 200)
        answer = await fetch(session, "POST", PAGES + "/echo", data=b"y" * 700_000)
        ok("a body by its length", answer == (200, b"y" * 700_000), answer[0])
        answer = await fetch(session, "POST", PAGES + "/echo", data=pieces(700_000))
        ok("a body in chunks, both ways", answer == (200, b"x" * 700_000), answer[0])
        answer = await fetch(session, "POST", PAGES + "/echo", data=pieces(700_000), expect100=True)
        ok("a body that waits for 100", answer == (200, b"x" * 700_000), answer[0])
        answer = await fetch(session, "POST", PAGES + "/count", data=b"hello")
        ok("trailers do no harm", answer == (200, b"counted\n"), answer)
        async with session.post(INSPECT + "/path?q=1", json={"a": 1}) as answer:
            read = await answer.json()
        ok("JSON", (read["method"], read["target"], read["body"]) == ("POST", "/path?q=1", '{"a": 1}'), read)
        answer = await fetch(session, "POST", INSPECT + "/", data=b"x" * 2_000_000, expect100=True)
        ok("2 MB over the limit that waits for 100", answer[0] == 413, answer)
        for name, url, status, size in (("900 kB that nobody reads", PAGES + "/", 405, 900_000), ("2 MB over the limit", INSPECT + "/", 413, 2_000_000)):
            for how, body in (("by length", lambda: b"x" * size), ("in chunks", lambda: pieces(size))):
                seen = [(await fetch(session, "POST", url, data=body()))[0] for _ in range(TRIES)]
                ok(f"{name}, {how}", seen == [status] * TRIES, seen)


async def fetch(session, method, url, **more):
    async with session.request(method, url, **more) as answer:
        return answer.status, await answer.read()


asyncio.run(main())
