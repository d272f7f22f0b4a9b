#!/usr/bin/env python3
"""A table of proxies and kinds: each proxy stands in front of the examples, and each kind of traffic goes through it.

Usage: proxies.py EXAMPLES_FOLDER

A proxy that is not installed is skipped; the exit status is 3 then, and 1 when a kind has failed.
"""

import asyncio
import contextlib
import hashlib
import http.client
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

TRIES = 20
HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = "/usr/lib/apache2/modules"
# Debian's package, the command, and its arguments; {} is the file made of the template.
PROXIES = {
    "nginx": ("nginx.conf", ["nginx", "-e", "{folder}/error.log", "-c", "{config}"]),
    "haproxy": ("haproxy.cfg", ["haproxy", "-db", "-q", "-f", "{config}"]),
    "apache2": ("apache.conf", ["apache2", "-DFOREGROUND", "-f", "{config}"]),
}
# Who passes trailer fields on. The others drop them, which RFC 9110 §6.5.1 allows.
PASSES_TRAILERS = {"haproxy"}


# ---- what runs

def end(process):
    """Ends a process by its own handler, or else without it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_example(running, folder, name):
    """An example on a port that the system has picked, and the port."""
    process = subprocess.Popen([os.path.join(folder, name), "--addr", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    running.callback(end, process)
    line = process.stdout.readline()
    assert line.startswith("listening on "), f"{name}: {line!r}"
    return process, int(line.rsplit(":", 1)[1])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_proxy(running, name, ports):
    """The proxy, configured by its template, and its port. Somebody else may take the port first: then another is tried."""
    template, command = PROXIES[name]
    folder = tempfile.mkdtemp(prefix=f"wirebook-{name}-")
    running.callback(shutil.rmtree, folder, ignore_errors=True)
    config = os.path.join(folder, template)
    for _ in range(3):
        port = free_port()
        with open(os.path.join(HERE, template)) as file:
            text = file.read()
        for word, value in {**ports, "FOLDER": folder, "MODULES": MODULES, "PORT": port}.items():
            text = text.replace(f"@{word}@", str(value))
        with open(config, "w") as file:
            file.write(text)
        process = subprocess.Popen([word.format(folder=folder, config=config) for word in command])
        running.callback(end, process)
        deadline = time.monotonic() + 15
        while process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return port
            except OSError:
                time.sleep(0.05)
        end(process)
    raise SystemExit(f"{name} does not listen")


class Scene:
    """A proxy and the examples behind it."""

    def __init__(self, running, name, examples):
        self.name = name
        self.server, server = start_example(running, examples, "http_server")
        _, inspect = start_example(running, examples, "http_inspect")
        self.first, first = start_example(running, examples, "http_server")
        _, second = start_example(running, examples, "http_server")
        self.websocket, websocket = start_example(running, examples, "ws_echo")
        _, events = start_example(running, examples, "sse_clock")
        ports = {"SERVER": server, "INSPECT": inspect, "FIRST": first, "SECOND": second, "WEBSOCKET": websocket, "EVENTS": events}
        self.server_port = server
        self.port = start_proxy(running, name, ports)

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def raw(self, text):
        stream = socket.create_connection(("127.0.0.1", self.port), 20)
        stream.sendall(text)
        return stream

    def ask(self, method, path, body=None, chunked=False, connection=None, headers=()):
        """A status and a body. A proxy that has answered may close while the body is being sent: the answer counts."""
        own = connection or self.connect()
        head = dict(headers)
        if chunked:
            head["Transfer-Encoding"] = "chunked"
            body = iter([body[at : at + 65536] for at in range(0, len(body), 65536)])
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            own.request(method, path, body, head, encode_chunked=chunked)
        response = own.getresponse()
        answer = response.status, response.read()
        if not connection:
            own.close()
        return answer


# ---- what is tried: a function for each kind, which gives what it saw and what it should have seen

def keep_alive(scene):
    """200 requests on one connection of the client are few connections to the server."""
    before = connections_to(scene.server_port)
    connection = scene.connect()
    answers = [scene.ask("GET", "/", connection=connection) for _ in range(200)]
    made = len(connections_to(scene.server_port) - before)
    return (answers.count((200, b"Hello, World!")), "few connections" if 1 <= made <= 10 else made), (200, "few connections")


def connections_to(port):
    """The clients of a local port, from the kernel's table, with those that were closed a short time ago."""
    with open("/proc/net/tcp") as table:
        lines = table.read().splitlines()[1:]
    return {line.split()[1] for line in lines if line.split()[2].endswith(f":{port:04X}")}


def length_both_ways(scene):
    body = b"z" * 200_000
    connection = scene.connect()
    connection.request("POST", "/inspect", body)
    response = connection.getresponse()
    text = response.read()
    return (response.status, text.count(b"z") >= 200_000, int(response.getheader("content-length") or -1) == len(text)), (200, True, True)


def both_ways(chunked):
    def kind(scene):
        body = random.Random(1).randbytes(900_000)
        status, text = scene.ask("POST", "/echo", body, chunked)
        return (status, len(text), hashlib.sha1(text).hexdigest()), (200, len(body), hashlib.sha1(body).hexdigest())

    return kind


def chunks_down(scene):
    return scene.ask("GET", "/chunked"), (200, b"one\ntwo\nthree\n")


def old_client(scene):
    """HTTP/1.0 knows no chunks: the body ends with its connection."""
    with scene.raw(b"GET /chunked HTTP/1.0\r\nHost: a\r\n\r\n") as stream:
        head, _, body = b"".join(iter(lambda: stream.recv(4096), b"")).partition(b"\r\n\r\n")
    return (head[9:12], b"chunked" in head.lower(), body), (b"200", False, b"one\ntwo\nthree\n")


def early_answer(chunked):
    """900 kB that the handler does not read: 405 at once, in each of the tries."""
    def kind(scene):
        seen = [scene.ask("POST", "/", b"x" * 900_000, chunked)[0] for _ in range(TRIES)]
        return tally(seen), {405: TRIES}

    return kind


def too_large(chunked):
    """2 MB where 1 MiB is allowed: 413 in each of the tries."""
    def kind(scene):
        seen = [scene.ask("POST", "/inspect", b"x" * 2_000_000, chunked)[0] for _ in range(TRIES)]
        return tally(seen), {413: TRIES}

    return kind


def tally(seen):
    return {status: seen.count(status) for status in sorted(set(seen))}


def no_body(scene):
    """HEAD, 204 and 304 have no body, and what is behind them on the connection is the next answer."""
    connection = scene.connect()
    connection.request("GET", "/file")
    whole = connection.getresponse()
    length, tag = len(whole.read()), whole.getheader("etag")
    connection.request("HEAD", "/file")
    head = connection.getresponse()
    seen = [(head.status, int(head.getheader("content-length")) == length, head.read())]
    seen.append(scene.ask("GET", "/nothing", connection=connection))
    seen.append(scene.ask("GET", "/file", connection=connection, headers={"If-None-Match": tag}))
    seen.append(scene.ask("GET", "/", connection=connection))
    return seen, [(200, True, b""), (204, b""), (304, b""), (200, b"Hello, World!")]


def trailers(scene):
    """Those of the request and of the answer; and whether they pass or not, the next request is understood."""
    request = b"POST /count HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\nTrailer: x-one\r\n\r\n"
    with scene.raw(request + b"5\r\nhello\r\n0\r\nx-one: 1\r\n\r\n") as stream:
        first = until(stream, b"0\r\n", b"\r\n\r\n")
        stream.sendall(b"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        second = b"".join(iter(lambda: stream.recv(4096), b""))
    passed = scene.name in PASSES_TRAILERS
    seen = first[9:12], b"counted\n" in first, b"x-bytes: 5\r\n" in first, b"x-trailers: 1\r\n" in first, second[9:12]
    return seen, (b"200", True, passed, passed, b"204")


def until(stream, *marks):
    """What comes, up to the last of these marks, each behind the one before, the first looked for behind the head."""
    text = b""
    while True:
        at = text.find(b"\r\n\r\n") + 2
        for mark in marks:
            at = at if at < 2 else text.find(mark, at) + len(mark)
        if at >= 2 and text.endswith(marks[-1]):
            return text
        piece = stream.recv(65536)
        if not piece:
            return text
        text += piece


def expectation(scene):
    """A client that waits for 100 gets it from the server or the proxy, sends its body, and gets the answer."""
    with scene.raw(b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n") as stream:
        interim = stream.recv(4096)
        stream.sendall(b"hello")
        final = b"".join(iter(lambda: stream.recv(4096), b""))
    accepted = interim[9:12], final[9:12], b"hello" in final
    with scene.raw(b"POST /inspect HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n") as stream:
        answer = stream.recv(4096)
        if answer[9:12] == b"100":
            # The proxy has promised in the server's place, so it must be given the body. The answer may be here already.
            with contextlib.suppress(OSError):
                stream.sendall(b"x" * 2_000_000)
            answer = answer.partition(b"\r\n\r\n")[2] or stream.recv(4096)
    return (accepted, answer[9:12]), ((b"100", b"200", True), b"413")


def upgrade(scene):
    seen = []
    for protocol in (b"echo", b"other"):
        with scene.raw(b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n") as stream:
            head = stream.recv(4096)
            seen.append(head[9:12])
            if head[9:12] == b"101":
                stream.sendall(b"hello")
                seen.append(stream.recv(4096))
    return seen, [b"101", b"hello", b"426"]


def websocket(scene):
    """aiohttp's WebSocket through the proxy: text, bytes, much, compressed, and the code of its end."""
    import aiohttp

    messages = ["Grüße, 世界", b"\x00\xff" * 50_000, "again and again " * 20_000]

    async def echo(compress):
        async with aiohttp.ClientSession() as session, session.ws_connect(
            f"ws://127.0.0.1:{scene.port}/websocket", compress=compress, max_msg_size=0, timeout=aiohttp.ClientWSTimeout(ws_close=10)
        ) as stream:
            back = []
            for message in messages:
                await (stream.send_str if isinstance(message, str) else stream.send_bytes)(message)
                back.append((await stream.receive(10)).data)
            await stream.close(code=3001)
            return back == messages, stream.close_code

    return [asyncio.run(echo(compress)) for compress in (0, 15)], [(True, 3001)] * 2


def events(scene):
    """A clock through the proxy. Three events fill no buffer: who sees them, sees them as they come."""
    connection = scene.connect()
    connection.request("GET", "/events", headers={"Accept": "text/event-stream"})
    response = connection.getresponse()
    seen, began = 0, time.monotonic()
    while seen < 3 and time.monotonic() < began + 10 and (line := response.readline()):
        seen += line.startswith(b"data: ")
    kind = response.getheader("content-type")
    response.close()
    connection.close()
    return (response.status, kind, seen), (200, "text/event-stream", 3)


def client_goes_away(scene):
    """In the middle of an upload and of a download, twenty times; the next one is answered."""
    for _ in range(TRIES):
        with scene.raw(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + b"x" * 100_000):
            pass
        with scene.raw(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n") as stream:
            stream.recv(1)
    return scene.ask("GET", "/"), (200, b"Hello, World!")


def websocket_ends(scene):
    """The server of a WebSocket ends: its client is told with 1001, through the proxy."""
    import aiohttp

    async def told():
        url = f"ws://127.0.0.1:{scene.port}/websocket"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as stream:
            await stream.send_str("hello")
            first = (await stream.receive(10)).data
            scene.websocket.send_signal(signal.SIGTERM)
            await stream.receive(10)
            return first, stream.close_code

    return (*asyncio.run(told()), scene.websocket.wait(12)), ("hello", 1001, 0)


def one_of_two_ends(scene):
    """One of two servers ends while eight clients ask, half of them for slow answers: nobody sees a 502."""
    seen, over = [], time.monotonic() + 1.5

    def load(path):
        connection = scene.connect()
        while time.monotonic() < over:
            try:
                seen.append(scene.ask("GET", path, connection=connection)[0])
            except http.client.RemoteDisconnected:
                # Apache closes a kept connection when that to the server was closed under its request, so that the client
                # asks again (RFC 9112 §9.3.1); and on a new connection it must get its answer.
                connection.close()
                seen.append(scene.ask("GET", path, connection=connection)[0])

    paths = ["/pair/", "/pair/slow"] * 4
    threads = [threading.Thread(target=caught, args=(lambda path=path: load(path), seen)) for path in paths]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    scene.first.send_signal(signal.SIGTERM)
    status = scene.first.wait(12)
    for thread in threads:
        thread.join()
    return (tally(seen).keys(), len(seen) > 50, status), ({200}, True, 0)


def caught(work, seen):
    """A failure of a thread is something that was seen."""
    try:
        work()
    except Exception as error:
        seen.append(500)
        print(f"    {error!r}")


def graceful_end(scene):
    """The server ends while it makes answers: all who have asked get them. This comes last."""
    seen = []
    threads = [threading.Thread(target=caught, args=(lambda: seen.append(scene.ask("GET", "/slow")), seen)) for _ in range(TRIES)]
    for thread in threads:
        thread.start()
    # Every request is with the server when as many connections are: the answer takes a second.
    deadline = time.monotonic() + 0.7
    while time.monotonic() < deadline and len(connections_to(scene.server_port)) < TRIES:
        time.sleep(0.02)
    time.sleep(0.1)
    scene.server.send_signal(signal.SIGTERM)
    status = scene.server.wait(12)
    for thread in threads:
        thread.join()
    return (seen.count((200, b"at last\n")), status), (TRIES, 0)


KINDS = {
    "keep-alive": keep_alive,
    "a length both ways": length_both_ways,
    "900 kB up by length, chunks down": both_ways(False),
    "900 kB up in chunks, chunks down": both_ways(True),
    "chunks down": chunks_down,
    "HTTP/1.0": old_client,
    "900 kB that nobody reads, by length": early_answer(False),
    "900 kB that nobody reads, in chunks": early_answer(True),
    "2 MB over the limit, by length": too_large(False),
    "2 MB over the limit, in chunks": too_large(True),
    "HEAD, 204, 304": no_body,
    "trailers": trailers,
    "100-continue": expectation,
    "upgrade": upgrade,
    "WebSocket": websocket,
    "events": events,
    "a client goes away": client_goes_away,
    "the server of a WebSocket ends": websocket_ends,
    "one of two servers ends under load": one_of_two_ends,
    "the server ends while it answers": graceful_end,
}


def main():
    # Ended from outside, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed = skipped = False
    if not os.path.exists("/proc/net/tcp"):
        print("SKIPPED: the proxies: without Linux's table of connections nobody can count them", file=sys.stderr)
        sys.exit(3)
    for name in PROXIES:
        if not shutil.which(name):
            print(f"SKIPPED: {name} is not installed", file=sys.stderr)
            skipped = True
            continue
        with contextlib.ExitStack() as running:
            scene = Scene(running, name, sys.argv[1])
            for kind, tried in KINDS.items():
                begin = time.monotonic()
                try:
                    seen, wanted = tried(scene)
                except ModuleNotFoundError as error:
                    print(f"SKIPPED: {name}, {kind}: {error}", file=sys.stderr)
                    skipped = True
                    continue
                except Exception as error:
                    seen, wanted = repr(error), None
                good = seen == wanted
                failed |= not good
                print(f"{'ok    ' if good else 'FAILED'}  {name:8} {kind} ({time.monotonic() - begin:.1f} s)", flush=True)
                if not good:
                    print(f"    seen:   {seen}\n    wanted: {wanted}", flush=True)
    sys.exit(1 if failed else 3 if skipped else 0)


if __name__ == "__main__":
    main()
