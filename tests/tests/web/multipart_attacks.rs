//! The rows of `tests/attacks/multipart.jsonl`, as the decoder meets them: the body of each request, whole and in pieces. Rows that
//! are about temporary files and broken connections alone are not among them: a decoder has neither.

use serde_json::Value;
use wirebook_multipart::{Boundary, Decoder, Error, Event, Limits, Pieces};
use wirebook_tests::allocations::measure;
use wirebook_tests::attacks::row::latin1;

fn rows() -> Vec<Value> {
    let lines = include_str!("../../attacks/multipart.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect("a row is JSON")).collect()
}

/// What came of a form.
#[derive(Debug, Default, PartialEq)]
struct Form {
    fields: Vec<(String, String)>,
    /// Name, reported file name, size.
    files: Vec<(String, String, usize)>,
    error: Option<Error>,
}

impl Form {
    fn take(&mut self, event: &Event<'_>, is_file: &mut bool) {
        match event {
            Event::Part(part) => {
                *is_file = part.is_file();
                let name = part.name.decode().into_owned();
                match part.basename() {
                    Some(filename) => self.files.push((name, filename, 0)),
                    None => self.fields.push((name, String::new())),
                }
            }
            Event::Data(data) if *is_file => self.files.last_mut().expect("a file").2 += data.len(),
            Event::Data(data) => self.fields.last_mut().expect("a field").1 += &String::from_utf8_lossy(data),
            Event::PartEnd | Event::End => {}
        }
    }

    fn status(&self) -> u16 {
        self.error.map_or(200, Error::status)
    }
}

/// Reads a body in pieces of this size.
fn read(content_type: &[u8], body: &[u8], limits: Limits, size: usize) -> Form {
    let mut form = Form::default();
    let boundary = match Boundary::from_content_type(content_type) {
        Ok(boundary) => boundary,
        Err(error) => return Form { error: Some(error), ..form },
    };
    let mut pieces = Pieces::new(Decoder::new(&boundary, limits));
    let mut is_file = false;
    for mut piece in body.chunks(size) {
        while !piece.is_empty() {
            match pieces.receive(piece) {
                Ok((used, event)) => {
                    piece = &piece[used..];
                    if let Some(event) = event {
                        form.take(&event, &mut is_file);
                    }
                }
                Err(error) => return Form { error: Some(error), ..form },
            }
        }
    }
    Form { error: pieces.receive_eof().err(), ..form }
}

/// The Content-Type and the body of the request that a row sends, its chunks undone.
fn request(row: &Value) -> (Vec<u8>, Vec<u8>) {
    let mut bytes = Vec::new();
    for step in row["steps"].as_array().expect("steps") {
        let data = || latin1(step["data"].as_str().expect("bytes"));
        match step["op"].as_str().expect("an operation") {
            "send" | "send_every_split" => bytes.extend(data()),
            // A tenth of a hundred MiB is over every limit already.
            "send_repeat" => bytes.extend(data().repeat(step["count"].as_u64().expect("a count").min(200) as usize)),
            "send_generated" => bytes.extend(generated(step["generator"].as_str().expect("a generator"))),
            other => panic!("{other} is not played here"),
        }
    }
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n").filter(|_| bytes.starts_with(b"POST")) else {
        return (b"multipart/form-data; boundary=B".to_vec(), bytes);
    };
    let body = bytes.split_off(end + 4);
    let head = bytes;
    let field = head.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"Content-Type: "));
    let content_type = field.expect("a type").trim_ascii().to_vec();
    let is_chunked = head.windows(7).any(|word| word == b"chunked");
    (content_type, if is_chunked { dechunk(&body) } else { body })
}

/// As much of a chunked body as has come.
fn dechunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..line]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a size");
        rest = &rest[line + 2..];
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        // The first chunk of web-097 lacks its line end, which is not what that row is about.
        rest = rest.get(size..).unwrap_or_default();
        rest = rest.strip_prefix(b"\r\n").unwrap_or(rest);
    }
    body
}

fn generated(name: &str) -> Vec<u8> {
    let chunk = |data: &[u8]| [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
    let head = b"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n\r\n";
    match name {
        "mp_100k_parts" => {
            let part = chunk(b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n");
            [part.repeat(100_000), chunk(b"--B--\r\n"), chunk(b"")].concat()
        }
        "mp_cr_flood" => {
            [chunk(head), chunk(&[b'\r'; 65536]).repeat(160), chunk(b"\r\n--B--\r\n"), chunk(b"")].concat()
        }
        other => panic!("{other} is not known"),
    }
}

/// The limits that a row sets, by its own names.
fn limits(row: &Value) -> Limits {
    let mut limits = Limits { file: 32 << 20, ..Limits::default() };
    for (name, value) in row["config"].as_object().into_iter().flatten() {
        let bound = value.as_u64().expect("a number");
        match &**name {
            "max_parts" => (limits.parts, limits.fields) = (bound as usize, usize::MAX),
            "max_file" => limits.file = bound,
            other => panic!("{other} is not a limit"),
        }
    }
    limits
}

#[test]
fn every_row() {
    let mut played = 0;
    for row in &rows() {
        let id = row["id"].as_str().expect("an id");
        let (content_type, body) = request(row);
        let limits = limits(row);
        let form = read(&content_type, &body, limits, 64 * 1024);
        // A short body comes in pieces of every size, a longer one of every size to 100, a long one in pieces that divide nothing.
        let sizes: Vec<usize> = match body.len() {
            10_000.. => vec![4093],
            length @ 1000.. => (1..100).chain((100..=length).step_by(97)).collect(),
            length => (1..=length.max(1)).collect(),
        };
        for size in sizes {
            assert_eq!(read(&content_type, &body, limits, size), form, "{id} in pieces of {size}");
        }
        judge(id, &row["expect"], &form);
        if let Some(most) = row["expect"]["mem_max"].as_u64() {
            let (_, used) = measure(|| read(&content_type, &body, limits, 4096));
            assert!(used.peak_bytes <= most as i64, "{id} took {} bytes", used.peak_bytes);
        }
        played += 1;
    }
    assert!(played >= 18, "{played} rows");
}

fn judge(id: &str, expect: &Value, form: &Form) {
    for (key, wanted) in expect.as_object().expect("an object") {
        match &**key {
            "status" => assert_eq!(wanted[0], form.status(), "{id}: {:?}", form.error),
            "fields" => {
                for (name, value) in wanted.as_object().expect("fields") {
                    let value = value.as_str().expect("text");
                    assert!(form.fields.contains(&(name.clone(), value.to_owned())), "{id}: {form:?}");
                }
                assert_eq!(form.error, None, "{id}");
            }
            "files" => {
                for file in wanted.as_array().expect("files") {
                    let text = |key: &str| file[key].as_str().expect("text").to_owned();
                    let file = (text("name"), text("filename"), file["size"].as_u64().expect("a size") as usize);
                    assert!(form.files.contains(&file), "{id}: {form:?}");
                }
            }
            "filename_reported" => {
                assert_eq!(form.error, None, "{id}");
                let (_, filename, _) = &form.files[0];
                let is_base =
                    !filename.contains(['/', '\\']) && filename != ".." && !filename.contains(char::is_control);
                assert!(is_base && filename.len() <= 255, "{id}: {filename:?}");
            }
            "same_events_for_all_splits" => assert_eq!(form.error, None, "{id}"),
            // Held above by `measure`, elsewhere by the driver, or true of every run that comes to here.
            "mem_max" | "cpu_ms_max" | "stored_under" | "temp_files_left" | "disk_max" | "alive" => {}
            other => panic!("{id} expects {other}, which nobody knows"),
        }
    }
}

/// What is kept does not depend on what comes: a read of 64 KiB and at most 8 KiB more, for a word and for a film.
#[test]
fn a_film_takes_as_much_memory_as_a_word() {
    let film = |size: usize| {
        let head = b"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n".to_vec();
        [head, vec![b'\r'; size], b"\r\n--B--\r\n".to_vec()].concat()
    };
    for size in [1, 1 << 20, 32 << 20] {
        let body = film(size);
        let limits = Limits { file: u64::MAX, ..Limits::default() };
        let (form, cost) = measure(|| read(b"multipart/form-data; boundary=B", &body, limits, 64 * 1024));
        assert_eq!((form.files[0].2, form.error), (size, None));
        assert!(cost.peak_bytes <= 8 * 1024, "{size}: {} bytes", cost.peak_bytes);
        assert!(cost.allocations <= 16, "{size}: {} allocations", cost.allocations);
    }
}
