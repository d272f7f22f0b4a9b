//! The head parsers as the fuzz targets want them: by name, with an outcome that can be compared.

use wirebook_http1::parser::{
    Error, FieldLines, Fields, Limits, Progress, RequestHead, ResponseHead, Rule, Trailers, bytewise, simd, split, swar, table,
};

type RequestParser = for<'a> fn(&'a [u8], &'a mut Fields, &mut Progress, &Limits) -> Result<Option<RequestHead<'a>>, Error>;
type ResponseParser = for<'a> fn(&'a [u8], &'a mut Fields, &mut Progress, &Limits) -> Result<Option<ResponseHead<'a>>, Error>;
type TrailerParser = for<'a> fn(&'a [u8], &'a mut Fields, &mut Progress, &Limits) -> Result<Option<Trailers<'a>>, Error>;

/// The functions of one variant.
pub struct Variant {
    /// Its module's name.
    pub name: &'static str,
    request: RequestParser,
    response: ResponseParser,
    trailers: TrailerParser,
}

macro_rules! variant {
    ($module:ident) => {
        Variant { name: stringify!($module), request: $module::request, response: $module::response, trailers: $module::trailers }
    };
}

/// The obvious one first: it judges the others.
pub static VARIANTS: &[Variant] = &[variant!(split), variant!(bytewise), variant!(table), variant!(swar), variant!(simd)];

/// What is read.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A request head.
    Request,
    /// A response head.
    Response,
    /// A trailer section.
    Trailers,
}

/// The head as text, or "more", or the rule and the offset.
pub type Outcome = Result<Option<String>, (Rule, u32)>;

/// What `variant` says when the input has arrived as far as each of `stages` in turn.
pub fn outcome(variant: &Variant, kind: Kind, limits: &Limits, stages: &[&[u8]]) -> Outcome {
    let (mut fields, mut progress) = (Fields::new(), Progress::default());
    let text = |words: &[&[u8]], fields: FieldLines<'_>, len: usize| format!("{words:?} {:?} {fields:?} {len}", fields.spans());
    for stage in stages {
        let outcome = match kind {
            Kind::Request => (variant.request)(stage, &mut fields, &mut progress, limits)
                .map(|head| head.map(|head| text(&[head.method, head.target], head.fields, head.len()))),
            Kind::Response => (variant.response)(stage, &mut fields, &mut progress, limits)
                .map(|head| head.map(|head| text(&[head.reason, &head.status.to_be_bytes()], head.fields, head.len()))),
            Kind::Trailers => (variant.trailers)(stage, &mut fields, &mut progress, limits)
                .map(|found| found.map(|found| text(&[], found.fields, found.len()))),
        };
        match outcome {
            Ok(None) => {}
            done => return done.map_err(|error| (error.rule, error.offset)),
        }
    }
    Ok(None)
}

/// One variant on `bytes` whole, in pieces of 1, 7 and 33 bytes: the outcome is the same.
pub fn pieces(name: &str, bytes: &[u8]) {
    let Some(variant) = VARIANTS.iter().find(|variant| variant.name == name) else { panic!("no variant {name}") };
    for kind in [Kind::Request, Kind::Response, Kind::Trailers] {
        let wanted = outcome(variant, kind, &Limits::default(), &[bytes]);
        for step in [1, 7, 33] {
            let stages: Vec<&[u8]> = (0..=bytes.len() / step).map(|nth| &bytes[..nth * step]).chain([bytes]).collect();
            assert_eq!(outcome(variant, kind, &Limits::default(), &stages), wanted, "in steps of {step}");
        }
    }
}
