//! Error codes: RFC 9113 §7.

use core::fmt;

/// Why a stream or a connection ends, as RST_STREAM and GOAWAY say it. Codes that are not registered mean nothing more than
/// [`INTERNAL_ERROR`](Self::INTERNAL_ERROR).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(pub u32);

impl Code {
    /// No error: the end was wanted.
    pub const NO_ERROR: Code = Code(0x0);
    /// The peer broke a rule, and no other code is nearer.
    pub const PROTOCOL_ERROR: Code = Code(0x1);
    /// This end met something unexpected.
    pub const INTERNAL_ERROR: Code = Code(0x2);
    /// More bytes than a window had room for.
    pub const FLOW_CONTROL_ERROR: Code = Code(0x3);
    /// SETTINGS were not acknowledged in time.
    pub const SETTINGS_TIMEOUT: Code = Code(0x4);
    /// A frame on a stream that its sender had ended.
    pub const STREAM_CLOSED: Code = Code(0x5);
    /// A frame that is longer or shorter than it may be.
    pub const FRAME_SIZE_ERROR: Code = Code(0x6);
    /// Nothing has been done with this stream: the request may be sent again.
    pub const REFUSED_STREAM: Code = Code(0x7);
    /// Nobody needs this stream any more.
    pub const CANCEL: Code = Code(0x8);
    /// The tables of header compression are no longer the same.
    pub const COMPRESSION_ERROR: Code = Code(0x9);
    /// The connection that CONNECT asked for was reset or could not be made.
    pub const CONNECT_ERROR: Code = Code(0xa);
    /// The peer makes work without sense.
    pub const ENHANCE_YOUR_CALM: Code = Code(0xb);
    /// The transport is not safe enough.
    pub const INADEQUATE_SECURITY: Code = Code(0xc);
    /// Only HTTP/1.1 will do.
    pub const HTTP_1_1_REQUIRED: Code = Code(0xd);

    /// The name in the registry; `None` where there is none.
    pub fn name(self) -> Option<&'static str> {
        NAMES.get(self.0 as usize).copied()
    }

    /// The code with this name.
    ///
    /// ```
    /// use wirebook_http2::Code;
    /// assert_eq!(Code::named("CANCEL"), Some(Code::CANCEL));
    /// ```
    pub fn named(name: &str) -> Option<Code> {
        NAMES.iter().position(|known| *known == name).map(|at| Code(at as u32))
    }
}

/// The names, by number.
const NAMES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#x}", self.0),
        }
    }
}
