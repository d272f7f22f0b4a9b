//! The head parsers side by side: what each says of an input, and what all must agree on.

use wirebook_http1::parser::simd::Level;
use wirebook_http1::parser::{
    Error, FieldLines, FieldSpan, Fields, Limits, Progress, RequestHead, ResponseHead, Rule, Trailers, Version,
    bytewise, simd, split, swar, table,
};

type RequestParser =
    for<'a> fn(&'a [u8], &'a mut Fields, &mut Progress, &Limits) -> Result<Option<RequestHead<'a>>, Error>;
type ResponseParser =
    for<'a> fn(&'a [u8], &'a mut Fields, &mut Progress, &Limits) -> Result<Option<ResponseHead<'a>>, Error>;
type TrailerParser =
    for<'a> fn(&'a [u8], &'a mut Fields, &mut Progress, &Limits) -> Result<Option<Trailers<'a>>, Error>;

/// The functions of one variant.
#[derive(Clone, Copy)]
pub struct Variant {
    /// Its name in the tables of the book.
    pub name: &'static str,
    request: RequestParser,
    response: ResponseParser,
    trailers: TrailerParser,
}

impl Variant {
    /// Continues a request head; whether it wants more.
    pub fn is_open(&self, input: &[u8], fields: &mut Fields, progress: &mut Progress) -> bool {
        matches!((self.request)(input, fields, progress, &Limits::default()), Ok(None))
    }
}

/// The obvious parser, which judges the others.
pub const ORACLE: Variant =
    Variant { name: "split", request: split::request, response: split::response, trailers: split::trailers };

/// All variants that this processor can run, the oracle first.
pub fn variants() -> Vec<Variant> {
    let mut all = vec![
        ORACLE,
        Variant {
            name: "bytewise",
            request: bytewise::request,
            response: bytewise::response,
            trailers: bytewise::trailers,
        },
        Variant { name: "table", request: table::request, response: table::response, trailers: table::trailers },
        Variant { name: "swar", request: swar::request, response: swar::response, trailers: swar::trailers },
        Variant { name: "simd", request: simd::request, response: simd::response, trailers: simd::trailers },
    ];
    if Level::Sse42.is_available() {
        all.push(Variant {
            name: "simd (sse4.2)",
            request: |input, fields, progress, limits| Level::Sse42.request(input, fields, progress, limits),
            response: |input, fields, progress, limits| Level::Sse42.response(input, fields, progress, limits),
            trailers: |input, fields, progress, limits| Level::Sse42.trailers(input, fields, progress, limits),
        });
    }
    all
}

/// What is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A request head.
    Request,
    /// A response head.
    Response,
    /// A trailer section.
    Trailers,
}

/// A head that was read: everything that a caller can see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Method and target, or the reason phrase.
    pub words: Vec<Vec<u8>>,
    /// The version, where there is one.
    pub version: Option<Version>,
    /// The status code, 0 in a request.
    pub status: u16,
    /// Names and values.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// Where they lie.
    pub spans: Vec<FieldSpan>,
    /// Bytes used.
    pub len: usize,
}

/// What a parser says: a head, "more", or a rule and an offset.
pub type Outcome = Result<Option<Head>, (Rule, u32)>;

/// A parse that can be continued.
pub struct Parse {
    variant: Variant,
    kind: Kind,
    limits: Limits,
    fields: Fields,
    progress: Progress,
}

impl Parse {
    /// Nothing read yet.
    pub fn new(variant: Variant, kind: Kind, limits: Limits) -> Parse {
        Parse { variant, kind, limits, fields: Fields::new(), progress: Progress::default() }
    }

    /// Continues with `input`, which starts where it always did.
    pub fn feed(&mut self, input: &[u8]) -> Outcome {
        // A copy at a new place of the exact size: nothing may depend on where the bytes lie or what lies behind them.
        let input = &input.to_vec().into_boxed_slice()[..];
        let Parse { variant, kind, limits, fields, progress } = self;
        let seen = match kind {
            Kind::Request => (variant.request)(input, fields, progress, limits).map(|head| {
                head.map(|head| seen(&[head.method, head.target], Some(head.version), 0, head.fields, head.len()))
            }),
            Kind::Response => (variant.response)(input, fields, progress, limits).map(|head| {
                head.map(|head| seen(&[head.reason], Some(head.version), head.status, head.fields, head.len()))
            }),
            Kind::Trailers => (variant.trailers)(input, fields, progress, limits)
                .map(|found| found.map(|found| seen(&[], None, 0, found.fields, found.len()))),
        };
        if matches!(seen, Ok(Some(_))) {
            assert_eq!(*progress, Progress::default(), "{}: a finished head leaves no progress behind", variant.name);
        }
        seen.map_err(|error| (error.rule, error.offset))
    }
}

fn seen(words: &[&[u8]], version: Option<Version>, status: u16, fields: FieldLines<'_>, len: usize) -> Head {
    Head {
        words: words.iter().map(|word| word.to_vec()).collect(),
        version,
        status,
        fields: fields.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect(),
        spans: fields.spans().to_vec(),
        len,
    }
}

/// What the oracle says of each prefix of `input`, from none of it to all of it.
pub fn judge(kind: Kind, limits: Limits, input: &[u8]) -> Vec<Outcome> {
    let verdicts: Vec<Outcome> =
        (0..=input.len()).map(|len| Parse::new(ORACLE, kind, limits).feed(&input[..len])).collect();
    if let Some(first) = verdicts.iter().position(|verdict| *verdict != Ok(None)) {
        for (len, verdict) in verdicts.iter().enumerate().skip(first) {
            assert_eq!(*verdict, verdicts[first], "more input changed the verdict at {len}: {}", input.escape_ascii());
        }
    }
    verdicts
}

/// Holds every variant to the oracle's verdict: on every prefix afresh, and resumed at every cut and after every byte.
///
/// Panics with the input, the variant and the cut where one differs.
pub fn agree(kind: Kind, limits: Limits, input: &[u8]) -> Outcome {
    let verdicts = judge(kind, limits, input);
    for variant in variants() {
        let check = |parse: &mut Parse, len: usize, how: &str| {
            let got = parse.feed(&input[..len]);
            let wanted = &verdicts[len];
            let text = input.escape_ascii();
            assert_eq!(got, *wanted, "{} on {len} bytes, {how}: {kind:?} {limits:?}\n{text}", variant.name);
            got == Ok(None)
        };
        let mut bytewise = Parse::new(variant, kind, limits);
        let mut open = true;
        for cut in 0..=input.len() {
            let mut parse = Parse::new(variant, kind, limits);
            if check(&mut parse, cut, "afresh") {
                check(&mut parse, input.len(), &format!("resumed at {cut}"));
            }
            if open {
                open = check(&mut bytewise, cut, "byte by byte");
            }
        }
    }
    verdicts.last().cloned().unwrap_or(Ok(None))
}

/// Holds every variant to the oracle's verdict on the whole input and at these cuts: for inputs too long for [`agree`].
pub fn agree_at(kind: Kind, limits: Limits, input: &[u8], cuts: &[usize]) {
    let wanted = Parse::new(ORACLE, kind, limits).feed(input);
    for variant in variants() {
        for &cut in cuts {
            let mut parse = Parse::new(variant, kind, limits);
            let mut got = parse.feed(&input[..cut]);
            if got == Ok(None) {
                got = parse.feed(input);
            }
            assert_eq!(got, wanted, "{} resumed at {cut}: {}", variant.name, input.escape_ascii());
        }
    }
}
