"""Python's http.client and raw sockets against the example servers at $PAGES and $INSPECT."""

import http.client
import json
import os
import socket
import threading

PAGES, INSPECT = os.environ["PAGES"], os.environ["INSPECT"]


def ok(name, holds, got=""):
    if not holds:
        raise SystemExit(f"FAIL {name}: {got!r}")
    print(f"ok   {name}")


def raw(data, half_close=True, address=PAGES):
    """Sends bytes, and gives all that comes back."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as stream:
        stream.sendall(data)
        if half_close:
            stream.shutdown(socket.SHUT_WR)
        received = b""
        while piece := stream.recv(65536):
            received += piece
        return received


def inspected(connection, *request, **more):
    connection.request(*request, **more)
    return json.loads(connection.getresponse().read())


# One connection, many requests of every kind.
connection = http.client.HTTPConnection(INSPECT, timeout=20)
connection.connect()
ours = connection.sock.getsockname()
for number in range(50):
    read = inspected(connection, "GET", f"/{number}", headers={"X-Number": str(number)})
    assert read["target"] == f"/{number}" and ["X-Number", str(number)] in read["headers"], read
ok("50 requests on one connection", connection.sock.getsockname() == ours)

body = bytes(range(256)) * 1000
read = inspected(connection, "POST", "/", body=body)
ok("a body by its length", read["body"].encode("latin-1") == body)
read = inspected(connection, "PUT", "/", body=iter([b"hel", b"lo"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
ok("a body in chunks", read["body"] == "hello", read)

connection = http.client.HTTPConnection(PAGES, timeout=20)
connection.request("HEAD", "/file")
head = connection.getresponse()
assert head.read() == b""
connection.request("GET", "/file")
whole = connection.getresponse()
ok("HEAD and GET of a file agree", int(head.getheader("Content-Length")) == len(whole.read()))
connection.request("GET", "/chunked")
answer = connection.getresponse()
ok("chunks", answer.read() == b"one\ntwo\nthree\n" and answer.getheader("Transfer-Encoding") == "chunked")
connection.request("DELETE", "/")
answer = connection.getresponse()
ok("405, and the connection goes on", answer.status == 405 and answer.read() == b"" and connection.sock is not None)

# Pipelines, which only raw sockets send.
get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
ok("a pipeline of 500", raw(get * 500).count(b"Hello, World!") == 500)
mixed = get + b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + get
received = raw(mixed)
ok("a pipeline of different methods, in order", received.count(b"HTTP/1.1 200") == 4 and received.count(b"Hello, World!") == 2, received)
slow = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
received = raw(slow + get)
ok("a slow answer keeps its place", received.index(b"at last") < received.index(b"Hello"), received)
received = raw(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + get, half_close=False)
ok("nothing after close", received.count(b"HTTP/1.1") == 1, received)

# HTTP/0.9 has no version in its request, and no status in its answer: neither is ours.
for request in (b"GET /\r\n", b"GET /\r\n\r\n", b"GET / HTTP/0.9\r\n\r\n", b"hello\r\n\r\n"):
    received = raw(request, half_close=False)
    ok(f"{request!r} is refused", received.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 505 ")), received)

received = raw(b"GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nraw bytes")
ok("another protocol, with the bytes that came early", received.startswith(b"HTTP/1.1 101 ") and received.endswith(b"\r\n\r\nraw bytes"), received)

# Clients that vanish at every point cost nobody else anything.
for cut in range(0, 90, 3):
    host, port = PAGES.split(":")
    with socket.create_connection((host, int(port))) as stream:
        stream.sendall((b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99)[:cut])


def asks(failures):
    connection = http.client.HTTPConnection(PAGES, timeout=20)
    for _ in range(100):
        connection.request("GET", "/")
        if connection.getresponse().read() != b"Hello, World!":
            failures.append(1)


failures = []
threads = [threading.Thread(target=asks, args=(failures,)) for _ in range(20)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
ok("20 clients, 100 requests each", not failures)
