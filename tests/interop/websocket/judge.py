"""Python's `websockets`: its client against our server, our client against its server."""
import asyncio
import os
import sys

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve


async def main(url, client):
    ok = True

    def check(name, passed):
        nonlocal ok
        ok &= passed
        if not passed:
            print(f"FAILED: Python's websockets: {name}")

    async with connect(url, max_size=None) as socket:
        for message in ["Grüße, 世界 🎉", "", b"\x00\xff" * 5000, "compress me " * 50000]:
            await socket.send(message)
            check(f"echo of {len(message)}", await socket.recv() == message)
        await socket.send(["in ", "three ", "fragments"])
        check("fragments", await socket.recv() == "in three fragments")
        await asyncio.wait_for(await socket.ping("are you there"), 5)
        check("permessage-deflate", bool(socket.protocol.extensions))
        await socket.close(3001, "bye")
        check("the close code comes back", socket.close_code == 3001)

    async def echo(peer):
        async for message in peer:
            await peer.send(message)

    async with serve(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            client, f"ws://127.0.0.1:{port}/", "--send", "one", "--send", "zwei €", stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(process.communicate(), 20)
        check("our client", out.decode() == "one\nzwei €\n" and process.returncode == 0)
    print(f"Python's websockets {websockets.__version__}: {'all' if ok else 'not all'}")
    return ok


sys.exit(0 if asyncio.run(main(*sys.argv[1:])) else 1)
