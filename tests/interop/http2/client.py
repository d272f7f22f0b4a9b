"""Python's h2 against our server, scripted and malformed; and httpx, which stands on it."""
import socket, ssl, struct, sys
import h2.config, h2.connection, h2.errors, h2.events, h2.settings
import httpx

clear, secure, ca = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
FIELDS = [(":method", "GET"), (":path", "/tea"), (":scheme", "http"), (":authority", "a")]


class Client:
    """A connection whose events are kept. With `rude` set, what is wrong may be sent."""

    def __init__(self, rude=False):
        self.socket = socket.create_connection(("127.0.0.1", clear), timeout=20)
        polite = {} if not rude else {"validate_outbound_headers": False, "normalize_outbound_headers": False}
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8", **polite))
        self.h2.initiate_connection()
        self.events, self.ended = [], False
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def turn(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.ended = True
            return
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self.events.append(event)
        try:
            self.flush()
        except OSError:
            self.ended = True

    def until(self, kind, stream=None):
        while True:
            for event in self.events:
                if isinstance(event, kind) and (stream is None or event.stream_id == stream):
                    return event
            assert not self.ended, f"ended before {kind.__name__}: {self.events}"
            self.turn()

    def ask(self, fields=FIELDS, end=True):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, fields, end_stream=end)
        self.flush()
        return stream

    def body(self, stream):
        self.until(h2.events.StreamEnded, stream)
        return b"".join(e.data for e in self.events if isinstance(e, h2.events.DataReceived) and e.stream_id == stream)

    def raw(self, kind, flags, stream, payload=b""):
        self.socket.sendall(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload)


def scripted():
    client = Client()
    assert client.body(client.ask()) == b"GET /tea over 2 and http"
    stream = client.ask([(":method", "POST"), (":path", "/echo"), *FIELDS[2:]], end=False)
    for piece in range(50):
        client.h2.send_data(stream, bytes([piece]) * 1000, pad_length=piece)
        client.flush()
        client.turn()
    client.h2.end_stream(stream)
    client.flush()
    assert client.body(stream) == b"".join(bytes([piece]) * 1000 for piece in range(50))
    client.h2.ping(b"12345678")
    client.flush()
    assert client.until(h2.events.PingAckReceived).ping_data == b"12345678"
    # Frames of half a block, and one of an unknown kind.
    client.raw(0xFE, 0, 0, b"whatever")
    assert client.body(client.ask([*FIELDS, ("x-long", "y" * 30000)])) == b"GET /tea over 2 and http"
    # A window that opens byte by byte.
    client.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1})
    client.flush()
    client.until(h2.events.SettingsAcknowledged)
    assert client.body(client.ask()) == b"GET /tea over 2 and http"
    client.h2.close_connection()
    client.flush()
    while not client.ended:
        client.turn()


def resets():
    """What is wrong with one request costs that request alone."""
    bad = {
        "upper case": [*FIELDS, ("X-Upper", "1")],
        "connection": [*FIELDS, ("connection", "close")],
        "te": [*FIELDS, ("te", "gzip")],
        "a second path": [*FIELDS, (":path", "/")],
        "no path": [FIELDS[0], *FIELDS[2:]],
        "an empty path": [FIELDS[0], (":path", ""), *FIELDS[2:]],
        "an unknown pseudo-field": [*FIELDS, (":unknown", "1")],
        "a pseudo-field behind fields": [FIELDS[0], ("x", "1"), *FIELDS[1:]],
        "a response's pseudo-field": [*FIELDS, (":status", "200")],
        "a value with CR LF": [*FIELDS, ("x", "a\r\nb: c")],
        "another host": [*FIELDS, ("host", "b")],
    }
    client = Client(rude=True)
    for what, fields in bad.items():
        stream = client.ask(fields)
        event = client.until(h2.events.StreamReset, stream)
        assert event.error_code == h2.errors.ErrorCodes.PROTOCOL_ERROR, (what, event)
    stream = client.ask([(":method", "POST"), (":path", "/length"), *FIELDS[2:], ("content-length", "3")], end=False)
    client.h2.send_data(stream, b"four", end_stream=True)
    client.flush()
    assert client.until(h2.events.StreamReset, stream).error_code == h2.errors.ErrorCodes.PROTOCOL_ERROR
    assert client.body(client.ask()) == b"GET /tea over 2 and http"


def ends():
    """What is wrong with the connection ends it, and says why."""
    codes = h2.errors.ErrorCodes
    bad = {
        "DATA on no stream": ((0, 0, 0, b"x"), codes.PROTOCOL_ERROR),
        "DATA on an idle stream": ((0, 0, 99, b"x"), codes.PROTOCOL_ERROR),
        "HEADERS on no stream": ((1, 5, 0, b"\x82"), codes.PROTOCOL_ERROR),
        "HEADERS on an even stream": ((1, 5, 2, b"\x82"), codes.PROTOCOL_ERROR),
        "HEADERS that are no HPACK": ((1, 5, 1, b"\xff\xff\xff\xff\xff\xff"), codes.COMPRESSION_ERROR),
        "HEADERS of padding": ((1, 0x0D, 1, b"\xff\x82"), codes.PROTOCOL_ERROR),
        "RST_STREAM of three bytes": ((3, 0, 1, b"abc"), codes.FRAME_SIZE_ERROR),
        "RST_STREAM on an idle stream": ((3, 0, 1, b"abcd"), codes.PROTOCOL_ERROR),
        "SETTINGS of five bytes": ((4, 0, 0, b"abcde"), codes.FRAME_SIZE_ERROR),
        "SETTINGS on a stream": ((4, 0, 1, b""), codes.PROTOCOL_ERROR),
        "an acknowledgement with content": ((4, 1, 0, b"abcdef"), codes.FRAME_SIZE_ERROR),
        "ENABLE_PUSH of 2": ((4, 0, 0, b"\0\x02\0\0\0\x02"), codes.PROTOCOL_ERROR),
        "a window of 2^31": ((4, 0, 0, b"\0\x04\x80\0\0\0"), codes.FLOW_CONTROL_ERROR),
        "frames of 1": ((4, 0, 0, b"\0\x05\0\0\0\x01"), codes.PROTOCOL_ERROR),
        "PUSH_PROMISE": ((5, 4, 1, b"\0\0\0\x02\x82"), codes.PROTOCOL_ERROR),
        "PING of seven bytes": ((6, 0, 0, b"1234567"), codes.FRAME_SIZE_ERROR),
        "PING on a stream": ((6, 0, 1, b"12345678"), codes.PROTOCOL_ERROR),
        "GOAWAY on a stream": ((7, 0, 1, b"12345678"), codes.PROTOCOL_ERROR),
        "WINDOW_UPDATE by 0": ((8, 0, 0, b"\0\0\0\0"), codes.PROTOCOL_ERROR),
        "WINDOW_UPDATE too far": ((8, 0, 0, b"\x7f\xff\xff\xff"), codes.FLOW_CONTROL_ERROR),
        "CONTINUATION of nothing": ((9, 4, 1, b"\x82"), codes.PROTOCOL_ERROR),
        "a frame that is too large": ((0, 0, 1, b"x" * 16385), codes.FRAME_SIZE_ERROR),
    }
    for what, (frame, code) in bad.items():
        client = Client()
        client.until(h2.events.RemoteSettingsChanged)
        client.raw(*frame)
        event = client.until(h2.events.ConnectionTerminated)
        assert event.error_code == code, (what, event)
        while not client.ended:
            client.turn()


def floods():
    """A flood is over within a thousand frames."""
    ping, settings = (6, 0, 0, b"12345678"), (4, 0, 0, b"")
    empty, priority = (0, 0, 1, b""), (2, 0, 1, b"\0\0\0\0\1")
    for frame in [ping, settings, empty, priority, (0xBB, 0, 0, b"")]:
        client = Client()
        client.ask([(":method", "POST"), *FIELDS[1:]], end=False) if frame is empty else None
        try:
            for _ in range(1100):
                client.raw(*frame)
        except OSError:
            pass
        event = client.until(h2.events.ConnectionTerminated)
        assert event.error_code == h2.errors.ErrorCodes.ENHANCE_YOUR_CALM or frame is empty, (frame, event)
    # Requests that are taken back. Of these h2 knows nothing, so what comes is read by hand.
    client = Client()
    stream, block = 1, client.h2.encoder.encode(FIELDS)
    try:
        for _ in range(1100):
            client.raw(1, 5, stream, block)
            client.raw(3, 0, stream, b"\0\0\0\x08")
            stream, block = stream + 2, client.h2.encoder.encode(FIELDS)
    except OSError:
        pass
    came = b""
    try:
        while piece := client.socket.recv(65536):
            came += piece
    except ConnectionError:
        pass
    codes = []
    while len(came) >= 9:
        length = int.from_bytes(came[:3], "big")
        if came[3] == 7:
            codes.append(int.from_bytes(came[13:17], "big"))
        came = came[9 + length :]
    assert codes == [h2.errors.ErrorCodes.ENHANCE_YOUR_CALM], codes


def with_httpx():
    context = ssl.create_default_context(cafile=ca)
    with httpx.Client(http1=True, http2=True, verify=context) as client:
        base = f"https://localhost:{secure}"
        answer = client.get(f"{base}/tea")
        assert (answer.http_version, answer.text) == ("HTTP/2", "GET /tea over 2 and https"), answer
        body = b"0123456789" * 70_000
        assert client.post(f"{base}/echo", content=body).content == body
        assert client.put(f"{base}/length", content=(body for _ in range(3))).text == "2100000"
        assert len(client.get(f"{base}/large").content) == 5_000_000
        assert client.head(f"{base}/large").headers["content-length"] == "5000000"
    with httpx.Client(http1=False, http2=True) as client:
        assert client.get(f"http://127.0.0.1:{clear}/tea").text == "GET /tea over 2 and http"
    with httpx.Client(verify=context) as client:
        assert client.get(f"https://localhost:{secure}/tea").text == "GET /tea over 1.1 and https"


for part in [scripted, resets, ends, floods, with_httpx]:
    part()
print("all is well")
