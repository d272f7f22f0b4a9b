//! Forms with files.

use super::table::{Row, Table};

const DELIMITER: &str = "web/multipart/src/delimiter.rs";
const HEAD: &str = "web/multipart/src/head.rs";
const EVENT: &str = "web/multipart/src/event.rs";
const DECODER: &str = "web/multipart/src/decoder.rs";
const ERROR: &str = "web/multipart/src/error.rs";

/// Bodies of forms.
#[rustfmt::skip]
pub(crate) const MULTIPART: Table = Table(&[
    Row("boundary", "the line between two parts: it stands in none of them, and the request's Content-Type has named it", "RFC 2046 §5.1.1", DELIMITER, "pub(crate) fn find"),
    Row("name", "which field of the form the part is; a quote and line ends in it are escaped", "RFC 7578 §4.2", EVENT, "pub fn decode"),
    Row("filename", "the name that the file has at the sender's: a label, under which nothing is stored", "RFC 7578 §4.2", EVENT, "pub fn basename"),
    Row("type", "what the sender says that the content is; nobody has checked it", "RFC 7578 §4.4", HEAD, "fn check_type"),
    Row("data", "the content of the part, whatever bytes it has", "RFC 7578 §4.3", DECODER, "fn content"),
    Row("byte", "a byte of a part's head, or one that means nothing before the first boundary or behind the last", "RFC 2046 §5.1.1", DECODER, "fn advance"),
    Row("byte CR", "begins a line end; of the one before a boundary it may be the beginning", "RFC 2046 §5.1.1", DELIMITER, "pub(crate) fn begun"),
    Row("byte LF", "ends a line, together with the CR before it", "RFC 2046 §5.1.1", DELIMITER, "pub(crate) fn find"),
    Row("byte SP", "white space of a part's head", "RFC 2046 §5.1.1", HEAD, "fn trim"),
    Row("byte :", "ends the name of a field of the part's head", "RFC 9112 §5", HEAD, "fn field"),
    Row("event part", "a head is whole: a part begins", "RFC 7578 §4.2", DECODER, "fn head"),
    Row("event data", "a piece of a part's content", "RFC 7578 §4.3", DECODER, "fn content"),
    Row("event part end", "the boundary has come, and what follows it: the content was whole", "RFC 2046 §5.1.1", DECODER, "fn content"),
    Row("event end", "two hyphens behind a boundary: there are no more parts", "RFC 2046 §5.1.1", DECODER, "fn advance"),
    Row("state preamble", "the first boundary is awaited, and what comes before it means nothing", "RFC 2046 §5.1.1", DECODER, "State::Preamble =>"),
    Row("state head", "a boundary has come: the head of a part follows, or two hyphens", "RFC 2046 §5.1.1", DECODER, "State::Head =>"),
    Row("state data", "the content of a part, up to the next boundary at the start of a line", "RFC 2046 §5.1.1", DECODER, "State::Data =>"),
    Row("state epilogue", "the form is over, and what comes behind it means nothing", "RFC 2046 §5.1.1", DECODER, "State::Epilogue =>"),
    Row("state failed", "a rule was broken: nothing behind it can be trusted", "RFC 2046 §5.1.1", DECODER, "fn fail"),
    Row("error NotFormData", "the request has a body of another type", "RFC 7578 §4", ERROR, "    NotFormData,"),
    Row("error ContentTypeSyntax", "a parameter of Content-Type is not a name, an equals sign and a value", "RFC 9110 §5.6.6", ERROR, "    ContentTypeSyntax,"),
    Row("error BoundaryMissing", "the Content-Type names no boundary, so nobody can read the body", "RFC 7578 §4.1", ERROR, "    BoundaryMissing,"),
    Row("error BoundaryTwice", "the Content-Type names two boundaries, and two readers would read two bodies", "RFC 7578 §4.1", ERROR, "    BoundaryTwice,"),
    Row("error BoundaryInvalid", "the boundary is empty, too long, or has a character that none may have", "RFC 2046 §5.1.1", ERROR, "    BoundaryInvalid,"),
    Row("error CharsetUnsupported", "a text is in another charset than UTF-8", "RFC 7578 §5.1.2", ERROR, "    CharsetUnsupported,"),
    Row("error PreambleTooLarge", "more stands before the first boundary than anybody sends", "a limit of ours", ERROR, "    PreambleTooLarge,"),
    Row("error HeadTooLarge", "the head of a part has no end within the limit", "a limit of ours", ERROR, "    HeadTooLarge,"),
    Row("error TooManyHeadFields", "the head of a part has more fields than the limit", "a limit of ours", ERROR, "    TooManyHeadFields,"),
    Row("error DelimiterPadding", "the line of a boundary goes on with something else than white space", "RFC 2046 §5.1.1", ERROR, "    DelimiterPadding,"),
    Row("error FieldSyntax", "a line of a part's head is no field, or it is folded, or it has control characters", "RFC 9112 §5", ERROR, "    FieldSyntax,"),
    Row("error DispositionMissing", "a part does not say what it is", "RFC 7578 §4.2", ERROR, "    DispositionMissing,"),
    Row("error DispositionTwice", "a part says twice what it is, and readers differ in which they take", "RFC 7578 §4.2", ERROR, "    DispositionTwice,"),
    Row("error NotFormDataPart", "the part is something else than a field of a form", "RFC 7578 §4.2", ERROR, "    NotFormDataPart,"),
    Row("error DispositionSyntax", "a parameter of the disposition is not a name, an equals sign and a value", "RFC 6266 §4.1", ERROR, "    DispositionSyntax,"),
    Row("error ParameterTwice", "a name or file name is there twice, and readers differ in which they take", "RFC 6266 §4.1", ERROR, "    ParameterTwice,"),
    Row("error NameMissing", "the part does not say which field of the form it is", "RFC 7578 §4.2", ERROR, "    NameMissing,"),
    Row("error NameTooLong", "the name of the field is longer than the limit", "a limit of ours", ERROR, "    NameTooLong,"),
    Row("error NameNotUtf8", "the name of the field is not UTF-8, so each reader would make another one of it", "RFC 7578 §5.1", ERROR, "    NameNotUtf8,"),
    Row("error ContentTypeTwice", "the part has two types, and readers differ in which they take", "RFC 7578 §4.4", ERROR, "    ContentTypeTwice,"),
    Row("error Nested", "a field has a form of its own in it: who still reads that finds files that others have not seen", "RFC 7578 §4.3", ERROR, "    Nested,"),
    Row("error TooManyParts", "the form has more parts than the limit", "a limit of ours", ERROR, "    TooManyParts,"),
    Row("error TooManyFields", "the form has more fields than the limit", "a limit of ours", ERROR, "    TooManyFields,"),
    Row("error TooManyFiles", "the form has more files than the limit", "a limit of ours", ERROR, "    TooManyFiles,"),
    Row("error FieldTooLarge", "the content of the field is longer than the limit", "a limit of ours", ERROR, "    FieldTooLarge,"),
    Row("error FileTooLarge", "the content of the file is longer than the limit", "a limit of ours", ERROR, "    FileTooLarge,"),
    Row("error BodyTooLarge", "the body is longer than the limit", "a limit of ours", ERROR, "    BodyTooLarge,"),
    Row("error EpilogueTooLarge", "more stands behind the last boundary than anybody sends", "a limit of ours", ERROR, "    EpilogueTooLarge,"),
    Row("error Truncated", "the body ended before its last boundary: its sender went away", "RFC 2046 §5.1.1", ERROR, "    Truncated,"),
    Row("error OutOfTurn", "bytes came behind the end of the body: a mistake of the program and not of the sender", "ours", ERROR, "    OutOfTurn,"),
]);
