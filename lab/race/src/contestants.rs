//! Who races: every variant of our head parser, and httparse as the peer that everyone knows.
//!
//! The benchmark `parsers` in `benches/` takes them from here, and adds more peers.

use crate::inputs;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::sync::LazyLock;

use wirebook_http1::parser::chunked::{Chunk, Chunked};
use wirebook_http1::parser::simd::Level;
use wirebook_http1::parser::{Error, Fields, Limits, Progress, RequestHead, ResponseHead};
use wirebook_http1::parser::{bytewise, simd, split, swar, table};

/// What a contestant can read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The head of a request.
    Request,
    /// The head of a response.
    Response,
    /// A body in chunks.
    Chunked,
}

/// A parser in the race.
pub struct Contestant {
    /// As the table shows it.
    pub name: &'static str,
    /// What it reads.
    pub kind: Kind,
    /// Reads all inputs, so many times over. It panics where one is refused: nobody wins by giving up.
    pub run: Run,
}

/// Reads these inputs, so many times over.
pub type Run = Box<dyn FnMut(&[Vec<u8>], u32)>;

/// An input of the race.
pub struct Course {
    /// As `wirebook race parsers --only` names it.
    pub name: &'static str,
    /// What its inputs are.
    pub kind: Kind,
    /// Made when they are first wanted: the chunked bodies are 24 MB.
    pub inputs: LazyLock<Vec<Vec<u8>>>,
}

impl Course {
    fn new(name: &'static str, kind: Kind, inputs: fn() -> Vec<Vec<u8>>) -> Course {
        Course { name, kind, inputs: LazyLock::new(inputs) }
    }

    /// The mean length of its inputs.
    pub fn bytes(&self) -> f64 {
        self.inputs.iter().map(Vec::len).sum::<usize>() as f64 / self.inputs.len() as f64
    }
}

/// The inputs, in the order of the book.
pub fn courses() -> Vec<Course> {
    vec![
        Course::new("tiny", Kind::Request, || vec![inputs::tiny()]),
        Course::new("cookie", Kind::Request, || vec![inputs::cookie()]),
        Course::new("chrome", Kind::Request, || vec![inputs::chrome()]),
        Course::new("token", Kind::Request, || vec![inputs::token()]),
        Course::new("varied", Kind::Request, inputs::varied),
        Course::new("response", Kind::Response, || vec![inputs::response()]),
        Course::new("chunked-small", Kind::Chunked, inputs::chunked_small),
        Course::new("chunked-large", Kind::Chunked, inputs::chunked_large),
    ]
}

/// The peer that ratios are taken of.
pub const REFERENCE: &str = "httparse";

/// A contestant that calls `$read` for each input.
#[macro_export]
macro_rules! contestant {
    ($name:expr, $kind:expr, $($state:ident = $initial:expr;)* |$input:ident| $read:expr) => {{
        #[allow(unused_mut)]
        let ($(mut $state,)*) = ($($initial,)*);
        let run = move |inputs: &[Vec<u8>], rounds: u32| {
            for _ in 0..rounds {
                for input in inputs {
                    let $input = std::hint::black_box(&input[..]);
                    $read
                }
            }
        };
        $crate::Contestant { name: $name, kind: $kind, run: Box::new(run) }
    }};
}

/// One of our variants.
macro_rules! ours {
    ($name:expr, $kind:expr, $parse:expr) => {
        contestant!($name, $kind, fields = Fields::new(); limits = Limits::default(); |input| {
            let head = $parse(input, &mut fields, &mut Progress::default(), &limits);
            black_box(&head.expect("a valid head").expect("a whole head"));
        })
    };
}

/// All of them, the reference first, then ours from the slowest to the fastest.
pub fn all() -> Vec<Contestant> {
    let mut all = vec![
        contestant!(REFERENCE, Kind::Request, |input| {
            let mut headers = [const { MaybeUninit::uninit() }; 100];
            let mut request = httparse::Request::new(&mut []);
            let status = request.parse_with_uninit_headers(input, &mut headers).expect("a valid head");
            assert!(status.is_complete());
            black_box(&request);
        }),
        ours!("split", Kind::Request, split::request),
        ours!("bytewise", Kind::Request, bytewise::request),
        ours!("table", Kind::Request, table::request),
        ours!("swar", Kind::Request, swar::request),
        ours!("simd", Kind::Request, simd::request),
        contestant!(REFERENCE, Kind::Response, |input| {
            let mut headers = [const { MaybeUninit::uninit() }; 100];
            let mut response = httparse::Response::new(&mut []);
            let config = httparse::ParserConfig::default();
            let status = config.parse_response_with_uninit_headers(&mut response, input, &mut headers);
            assert!(status.expect("a valid head").is_complete());
            black_box(&response);
        }),
        ours!("split", Kind::Response, split::response),
        ours!("bytewise", Kind::Response, bytewise::response),
        ours!("table", Kind::Response, table::response),
        ours!("swar", Kind::Response, swar::response),
        ours!("simd", Kind::Response, simd::response),
        contestant!(REFERENCE, Kind::Chunked, |input| {
            let mut at = 0;
            while let httparse::Status::Complete((used, size)) =
                httparse::parse_chunk_size(&input[at..]).expect("a size")
            {
                at += used;
                if size == 0 {
                    break;
                }
                black_box(&input[at..at + size as usize]);
                at += size as usize + 2;
                assert_eq!(input[at - 2..at], *b"\r\n"); // httparse leaves this to its caller
            }
        }),
        contestant!("chunked", Kind::Chunked, |input| {
            let (mut chunked, mut at) = (Chunked::new(), 0);
            loop {
                let (used, chunk) = chunked.decode(&input[at..]).expect("a valid body");
                at += used;
                match chunk.expect("a whole body") {
                    Chunk::Data(data) => black_box(data),
                    Chunk::Last => break,
                };
            }
        }),
    ];
    if Level::detect() == Level::Avx2 {
        all.insert(5, ours!("simd, sse4.2", Kind::Request, sse42_request));
        all.insert(12, ours!("simd, sse4.2", Kind::Response, sse42_response));
    }
    all
}

fn sse42_request<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<RequestHead<'a>>, Error> {
    Level::Sse42.request(input, fields, progress, limits)
}

fn sse42_response<'a>(
    input: &'a [u8],
    fields: &'a mut Fields,
    progress: &mut Progress,
    limits: &Limits,
) -> Result<Option<ResponseHead<'a>>, Error> {
    Level::Sse42.response(input, fields, progress, limits)
}
