//! What the parsers race on.
//!
//! A single input repeated flatters every parser: after a few rounds the branch predictor knows it by heart. So the figure
//! that counts is [`varied`]: 512 heads of the four kinds in turn, no two the same.

/// A deterministic source of variety (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn text(&mut self, len: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
        (0..len).map(|_| char::from(LETTERS[self.below(LETTERS.len())])).collect()
    }
}

fn head(lines: &[String]) -> Vec<u8> {
    let mut head = lines.join("\r\n").into_bytes();
    head.extend_from_slice(b"\r\n\r\n");
    head
}

/// (a) 37 bytes: a health check.
pub fn tiny() -> Vec<u8> {
    b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n".to_vec()
}

/// (b) 703 bytes, 9 fields, a long cookie: the shape of the request that picohttpparser's own benchmark uses.
pub fn cookie() -> Vec<u8> {
    b"GET /archive/2026/08/notes-on-a-hand-written-network-stack.jpg HTTP/1.1\r\n\
Host: www.wirebook-example.org\r\n\
User-Agent: Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; en-US; rv:1.9.2.3) Gecko/20100401 Firefox/3.6.3 Sample/0.9\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
Accept-Language: de,en-us;q=0.7,en;q=0.3\r\n\
Accept-Encoding: gzip,deflate\r\n\
Accept-Charset: ISO-8859-1,utf-8;q=0.7,*;q=0.7\r\n\
Keep-Alive: 115\r\n\
Connection: keep-alive\r\n\
Cookie: visit_count=2; last_seen=xxxxxxxxxx; __ua=xxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.x; \
__uz=xxxxxxxxx.xxxxxxxxxx.x.x.source=(referral)|campaign=reader.example.net|content=/reader/|medium=referral|\
padding=under-the-limit\r\n\r\n"
        .to_vec()
}

/// (c) 1.3 KB, 21 fields: what a current Chrome sends.
pub fn chrome() -> Vec<u8> {
    b"GET /search?q=event+loop&source=desktop&lang=en HTTP/1.1\r\n\
Host: www.example.com\r\n\
Connection: keep-alive\r\n\
Cache-Control: max-age=0\r\n\
sec-ch-ua: \"Chromium\";v=\"142\", \"Google Chrome\";v=\"142\", \"Not_A Brand\";v=\"99\"\r\n\
sec-ch-ua-mobile: ?0\r\n\
sec-ch-ua-platform: \"Linux\"\r\n\
DNT: 1\r\n\
Upgrade-Insecure-Requests: 1\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,\
application/signed-exchange;v=b3;q=0.7\r\n\
Sec-Fetch-Site: same-origin\r\n\
Sec-Fetch-Mode: navigate\r\n\
Sec-Fetch-User: ?1\r\n\
Sec-Fetch-Dest: document\r\n\
Referer: https://www.example.com/articles/2026/11/how-the-loop-turns?page=2\r\n\
Accept-Encoding: gzip, deflate, br, zstd\r\n\
Accept-Language: en-GB,en-US;q=0.9,en;q=0.8,de;q=0.7\r\n\
Cookie: sid=4f1b8c2e9d7a4b60; theme=dark; consent=yes; _ga=GA1.2.1234567890.1700000000; _gid=GA1.2.987654321.1700000001; \
ab=variant-b; cart=3; region=eu-central; csrftoken=Zk3v9QxT7uYb1LmN; _fbp=fb.1.1700000000000.1234567890; \
session-token=pQ2sV8xK1mN5bR7tL3wJ9hF4dG6yC0zAeUiOqWaSdFgHjKlZxCvBnM1234567890; last=%2Farticles%2F2026%2F11%2Fthe-loop; fonts=loaded\r\n\
If-None-Match: W/\"5f1e-18c2a9b4d30\"\r\n\
If-Modified-Since: Tue, 17 Nov 2026 09:12:44 GMT\r\n\
Priority: u=0, i\r\n\r\n"
        .to_vec()
}

/// (d) 4 KB, 8 fields, one of them a long token.
pub fn token() -> Vec<u8> {
    token_of(&mut Dice(7), 3_640)
}

fn token_of(dice: &mut Dice, len: usize) -> Vec<u8> {
    head(&[
        format!("POST /api/v2/{}/events?trace={} HTTP/1.1", dice.text(6), dice.text(16)),
        format!("Host: api.{}.example.com", dice.pick(&["eu", "us", "asia"])),
        "Content-Type: application/json".into(),
        format!("Content-Length: {}", dice.below(100_000)),
        format!("User-Agent: service-client/{}.{}", dice.below(9), dice.below(99)),
        format!("X-Request-Id: {}-{}", dice.text(8), dice.text(12)),
        "Accept: */*".into(),
        "Accept-Encoding: gzip".into(),
        format!("Authorization: Bearer {}.{}.{}", dice.text(36), dice.text(len), dice.text(86)),
    ])
}

fn tiny_of(dice: &mut Dice) -> Vec<u8> {
    let path = dice.below(12);
    head(&[
        format!("{} /{} HTTP/1.1", dice.pick(&["GET", "GET", "GET", "HEAD", "POST", "OPTIONS"]), dice.text(path)),
        format!(
            "Host: {}",
            dice.pick(&["a.example", "example.com", "localhost:8080", "127.0.0.1:9000", "www.example.org"])
        ),
    ])
}

fn cookie_of(dice: &mut Dice) -> Vec<u8> {
    let [path, agent, cookie] = [20, 60, 120].map(|least| least + dice.below(2 * least));
    let mut lines = vec![
        format!("Host: {}.example.org", dice.pick(&["www", "static", "images", "blog"])),
        format!(
            "User-Agent: Mozilla/5.0 ({}) {}",
            dice.pick(&["X11", "Macintosh", "Windows NT 10.0"]),
            dice.text(agent)
        ),
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8".into(),
        format!(
            "Accept-Language: {}",
            dice.pick(&["de,en-us;q=0.7,en;q=0.3", "en", "fr-FR,fr;q=0.9", "zh-CN,zh;q=0.8"])
        ),
        format!("Accept-Encoding: {}", dice.pick(&["gzip,deflate", "gzip, deflate, br", "identity"])),
        "Accept-Charset: ISO-8859-1,utf-8;q=0.7,*;q=0.7".into(),
        format!("Keep-Alive: {}", dice.below(600)),
        "Connection: keep-alive".into(),
        format!("Cookie: id={}; session={}", dice.text(16), dice.text(cookie)),
    ];
    shuffle(dice, &mut lines);
    lines.insert(0, format!("GET /{}.{} HTTP/1.1", dice.text(path), dice.pick(&["jpg", "html", "css", "js", "woff2"])));
    head(&lines)
}

fn chrome_of(dice: &mut Dice) -> Vec<u8> {
    let text = String::from_utf8(chrome()).expect("it is ASCII");
    let mut lines: Vec<String> = text.trim_end().split("\r\n").skip(1).map(str::to_owned).collect();
    shuffle(dice, &mut lines);
    lines.truncate(lines.len() - dice.below(8));
    let [path, cookie, referer] = [10, 40, 30].map(|least| least + dice.below(4 * least));
    lines.push(format!("Cookie: {}={}; sid={}", dice.text(5), dice.text(12), dice.text(cookie)));
    lines.push(format!("X-Forwarded-For: 10.{}.{}.{}", dice.below(256), dice.below(256), dice.below(256)));
    lines.push(format!("Referer: https://www.example.com/{}", dice.text(referer)));
    lines.insert(0, format!("GET /search?q={}&page={} HTTP/1.1", dice.text(path), dice.below(300)));
    head(&lines)
}

fn shuffle(dice: &mut Dice, lines: &mut [String]) {
    for last in (1..lines.len()).rev() {
        lines.swap(last, dice.below(last + 1));
    }
}

/// (v) 512 heads of the four kinds in turn, all different: the figure that counts.
pub fn varied() -> Vec<Vec<u8>> {
    let mut dice = Dice(20_261_120);
    (0..512)
        .map(|nth| match nth % 4 {
            0 => tiny_of(&mut dice),
            1 => cookie_of(&mut dice),
            2 => chrome_of(&mut dice),
            _ => {
                let len = 3_000 + dice.below(1_200);
                token_of(&mut dice, len)
            }
        })
        .collect()
}

/// (e) 356 bytes, 10 fields: a response of a web server.
pub fn response() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\n\
Date: Fri, 20 Nov 2026 09:00:00 GMT\r\n\
Content-Type: text/html; charset=utf-8\r\n\
Content-Length: 51234\r\n\
Connection: keep-alive\r\n\
Vary: Accept-Encoding\r\n\
Cache-Control: max-age=300, public\r\n\
ETag: \"18c2a9b4d30-c822\"\r\n\
Last-Modified: Tue, 17 Nov 2026 09:12:44 GMT\r\n\
Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n\
Server: wirebook\r\n\r\n"
        .to_vec()
}

/// (f) 512 chunked bodies, each of 128 chunks of 1 to 64 bytes. As many as [`varied`], for the same reason: where few bodies
/// come again and again, the branch predictor knows their digits.
pub fn chunked_small() -> Vec<Vec<u8>> {
    chunked(128, 1, 64)
}

/// (f) 512 chunked bodies, each of 16 chunks of 1 to 4 KiB.
pub fn chunked_large() -> Vec<Vec<u8>> {
    chunked(16, 1_024, 4_096)
}

fn chunked(count: usize, least: usize, most: usize) -> Vec<Vec<u8>> {
    let mut dice = Dice(99);
    let mut chunked = || {
        let mut body = Vec::new();
        for _ in 0..count {
            let len = least + dice.below(most - least + 1);
            body.extend_from_slice(format!("{len:x}\r\n").as_bytes());
            body.resize(body.len() + len, b'x');
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"0\r\n\r\n");
        body
    };
    (0..512).map(|_| chunked()).collect()
}
