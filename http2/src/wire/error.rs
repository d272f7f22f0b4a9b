//! What the peer did wrong: one table of rules, each with its section and the code that it earns.

use super::code::Code;
use super::stream_id::StreamId;
use core::fmt;

/// The peer broke a rule. Where it concerns a stream, the stream is reset and all others go on; else the connection ends
/// (RFC 9113 §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which rule.
    pub violation: Violation,
    /// The stream that ends, or `None` for the connection.
    pub stream: Option<StreamId>,
    /// Where: the byte of the connection's input, counted from its first, at which the frame begins that broke the rule. Of
    /// what ran out of time, the byte that did not come.
    pub offset: u64,
}

impl Error {
    /// What the peer is told.
    pub const fn code(&self) -> Code {
        self.violation.row().1
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (section, code, rule) = self.violation.row();
        match self.stream {
            Some(stream) => write!(f, "stream {stream}: {rule} ({section}, {code})"),
            None => write!(f, "{rule} ({section}, {code}) in the frame at byte {}", self.offset),
        }
    }
}

impl core::error::Error for Error {}

/// The rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    // The order of frames.
    /// What a client sends first is not the preface.
    Preface,
    /// The first frame is not SETTINGS.
    FirstFrame,
    /// A frame between the frames of a field block, or a CONTINUATION of another stream's.
    BlockInterrupted,
    /// CONTINUATION without an unfinished field block before it.
    BlockMissing,
    /// PUSH_PROMISE, which nobody may send: our SETTINGS forbid it, and a client never may.
    Push,
    /// PRIORITY_UPDATE from a server, or for the connection itself.
    PriorityUpdate,
    // The form of frames.
    /// A payload longer than our SETTINGS_MAX_FRAME_SIZE.
    FrameTooLarge,
    /// A payload shorter or longer than its kind has.
    FrameLength,
    /// More padding than payload.
    Padding,
    /// A frame of the connection that only streams have.
    NeedsStream,
    /// A frame of a stream that only the connection has.
    NeedsConnection,
    /// A field block that HPACK cannot read.
    Compression(wirebook_hpack::Violation),
    // Settings.
    /// A value that the setting cannot have.
    SettingValue,
    /// A window above 2^31 - 1.
    SettingWindow,
    /// A server that would take a push.
    SettingPush,
    // Stream states.
    /// A frame on a stream that nobody has opened.
    StreamIdle,
    /// A new stream with a number below that of one opened before, or with a number of the other side's.
    StreamOrder,
    /// A frame on a stream that its sender has ended.
    StreamClosed,
    /// A stream that depends on itself.
    SelfDependency,
    /// More streams at a time than our SETTINGS_MAX_CONCURRENT_STREAMS.
    StreamRefused,
    // Windows.
    /// WINDOW_UPDATE by 0.
    WindowZero,
    /// A window that grows above 2^31 - 1.
    WindowOverflow,
    /// More DATA than the window has room for.
    WindowExceeded,
    // Messages.
    /// A field name that is no token in lower case.
    FieldName,
    /// A field value with a control character, or with white space around it.
    FieldValue,
    /// A field that speaks of the connection: `connection`, `transfer-encoding`, `upgrade`, … or a `te` that is not `trailers`.
    ConnectionField,
    /// A pseudo-field behind other fields.
    PseudoLate,
    /// A pseudo-field that does not exist, or not in this kind of message.
    PseudoUnknown,
    /// A pseudo-field twice.
    PseudoRepeated,
    /// A pseudo-field that must be there and is not.
    PseudoMissing,
    /// `:method` is no token.
    Method,
    /// `:scheme` is none.
    Scheme,
    /// `:path` does not begin with a slash, or holds what no target may.
    Path,
    /// `:authority` or `host` is no host with an optional port.
    Authority,
    /// `host` twice, or another than `:authority`.
    HostMismatch,
    /// CONNECT with `:scheme` or `:path`.
    Connect,
    /// `:protocol` where it was not allowed.
    Protocol,
    /// `:status` is not a number from 100 to 999, or is 101, which does not exist here.
    Status,
    /// `content-length` is no number, or two different ones.
    ContentLength,
    /// More or less DATA than `content-length` said.
    LengthMismatch,
    /// Fields behind the head that do not end the stream.
    TrailersOpen,
    /// DATA before the head.
    DataEarly,
    /// An interim response that ends the stream.
    InterimEnd,
    /// More interim responses to one request than [`max_interim`](crate::Config::max_interim).
    TooManyInterim,
    /// More fields, or more bytes of them, than [`max_header_list`](crate::Config::max_header_list) and
    /// [`max_fields`](crate::Config::max_fields).
    FieldsTooLarge,
    // Floods.
    /// A field block over [`max_block`](crate::Config::max_block) bytes.
    BlockTooLarge,
    /// More CONTINUATION frames than [`max_continuations`](crate::Config::max_continuations).
    TooManyContinuations,
    /// More entries of SETTINGS than [`max_settings`](crate::Config::max_settings).
    TooManySettings,
    /// More answers owed than [`max_owed`](crate::Config::max_owed).
    TooManyOwed,
    /// Resets faster than [`resets`](crate::Config::resets).
    TooManyResets,
    /// Frames that move nothing, faster than [`idle_frames`](crate::Config::idle_frames).
    TooManyIdle,
    // Time.
    /// No preface and SETTINGS in [`preface_timeout`](crate::Config::preface_timeout).
    PrefaceTimeout,
    /// A frame or a field block that was begun, and not ended in [`head_timeout`](crate::Config::head_timeout).
    HeadTimeout,
    /// No acknowledgement of our SETTINGS in [`settings_timeout`](crate::Config::settings_timeout).
    SettingsTimeout,
    /// No answer to our PING in [`ping_timeout`](crate::Config::ping_timeout).
    PingTimeout,
    /// A body that comes too slowly: [`body_timeout`](crate::Config::body_timeout),
    /// [`min_body_rate`](crate::Config::min_body_rate).
    BodyTimeout,
    /// A window that stayed shut for [`write_timeout`](crate::Config::write_timeout).
    WriteTimeout,
    /// The transport ended, and messages were unfinished.
    Incomplete,
}

impl Violation {
    // ANCHOR: rows
    /// The section, the code and the rule.
    pub const fn row(self) -> (&'static str, Code, &'static str) {
        use Violation::*;
        match self {
            Preface => ("RFC 9113 §3.4", Code::PROTOCOL_ERROR, "a client begins with the preface"),
            FirstFrame => ("RFC 9113 §3.4", Code::PROTOCOL_ERROR, "the first frame is SETTINGS"),
            BlockInterrupted => {
                ("RFC 9113 §6.10", Code::PROTOCOL_ERROR, "nothing comes between the frames of a field block")
            }
            BlockMissing => {
                ("RFC 9113 §6.10", Code::PROTOCOL_ERROR, "CONTINUATION continues an unfinished field block")
            }
            Push => ("RFC 9113 §8.4", Code::PROTOCOL_ERROR, "nothing may be pushed"),
            PriorityUpdate => ("RFC 9218 §7.1", Code::PROTOCOL_ERROR, "PRIORITY_UPDATE is a client's, for a stream"),
            FrameTooLarge => {
                ("RFC 9113 §4.2", Code::FRAME_SIZE_ERROR, "a frame is no larger than SETTINGS_MAX_FRAME_SIZE")
            }
            FrameLength => ("RFC 9113 §4.2", Code::FRAME_SIZE_ERROR, "a frame has the length of its kind"),
            Padding => ("RFC 9113 §6.1", Code::PROTOCOL_ERROR, "padding is shorter than the payload"),
            NeedsStream => ("RFC 9113 §6", Code::PROTOCOL_ERROR, "this kind of frame belongs to a stream"),
            NeedsConnection => ("RFC 9113 §6", Code::PROTOCOL_ERROR, "this kind of frame belongs to the connection"),
            Compression(violation) => ("RFC 9113 §4.3", Code::COMPRESSION_ERROR, violation.rule().1),
            SettingValue => ("RFC 9113 §6.5.2", Code::PROTOCOL_ERROR, "a setting has one of its values"),
            SettingWindow => ("RFC 9113 §6.5.2", Code::FLOW_CONTROL_ERROR, "an initial window is at most 2^31 - 1"),
            SettingPush => ("RFC 9113 §6.5.2", Code::PROTOCOL_ERROR, "a server does not take pushes"),
            StreamIdle => {
                ("RFC 9113 §5.1", Code::PROTOCOL_ERROR, "only HEADERS and PRIORITY come before a stream is open")
            }
            StreamOrder => {
                ("RFC 9113 §5.1.1", Code::PROTOCOL_ERROR, "each new stream has a higher number of its opener's")
            }
            StreamClosed => ("RFC 9113 §5.1", Code::STREAM_CLOSED, "nothing follows the end of a stream"),
            SelfDependency => ("RFC 7540 §5.3.1", Code::PROTOCOL_ERROR, "a stream does not depend on itself"),
            StreamRefused => {
                ("RFC 9113 §5.1.2", Code::REFUSED_STREAM, "no more streams than SETTINGS_MAX_CONCURRENT_STREAMS")
            }
            WindowZero => ("RFC 9113 §6.9", Code::PROTOCOL_ERROR, "a window is updated by at least 1"),
            WindowOverflow => ("RFC 9113 §6.9.1", Code::FLOW_CONTROL_ERROR, "a window is at most 2^31 - 1"),
            WindowExceeded => ("RFC 9113 §6.9", Code::FLOW_CONTROL_ERROR, "no more DATA than the window has room for"),
            FieldName => ("RFC 9113 §8.2.1", Code::PROTOCOL_ERROR, "a field name is a token in lower case"),
            FieldValue => {
                ("RFC 9113 §8.2.1", Code::PROTOCOL_ERROR, "a field value has no controls, and no white space around it")
            }
            ConnectionField => ("RFC 9113 §8.2.2", Code::PROTOCOL_ERROR, "no field speaks of the connection"),
            PseudoLate => ("RFC 9113 §8.3", Code::PROTOCOL_ERROR, "pseudo-fields come first"),
            PseudoUnknown => ("RFC 9113 §8.3", Code::PROTOCOL_ERROR, "a message has the pseudo-fields of its kind"),
            PseudoRepeated => ("RFC 9113 §8.3", Code::PROTOCOL_ERROR, "a pseudo-field stands once"),
            PseudoMissing => ("RFC 9113 §8.3", Code::PROTOCOL_ERROR, "a message has all pseudo-fields of its kind"),
            Method => ("RFC 9110 §9.1", Code::PROTOCOL_ERROR, ":method is a token"),
            Scheme => ("RFC 3986 §3.1", Code::PROTOCOL_ERROR, ":scheme is a scheme"),
            Path => ("RFC 9113 §8.3.1", Code::PROTOCOL_ERROR, ":path begins with a slash, or is the * of OPTIONS"),
            Authority => ("RFC 9113 §8.3.1", Code::PROTOCOL_ERROR, ":authority is a host with an optional port"),
            HostMismatch => ("RFC 9113 §8.3.1", Code::PROTOCOL_ERROR, "host says what :authority says"),
            Connect => ("RFC 9113 §8.5", Code::PROTOCOL_ERROR, "CONNECT has neither :scheme nor :path"),
            Protocol => ("RFC 8441 §4", Code::PROTOCOL_ERROR, ":protocol stands in a CONNECT that SETTINGS allow"),
            Status => ("RFC 9113 §8.3.2", Code::PROTOCOL_ERROR, ":status has three digits, and is not 101"),
            ContentLength => ("RFC 9113 §8.1.1", Code::PROTOCOL_ERROR, "content-length is one number"),
            LengthMismatch => ("RFC 9113 §8.1.1", Code::PROTOCOL_ERROR, "there is as much DATA as content-length says"),
            TrailersOpen => ("RFC 9113 §8.1", Code::PROTOCOL_ERROR, "trailers end the stream"),
            DataEarly => ("RFC 9113 §8.1", Code::PROTOCOL_ERROR, "the head comes before DATA"),
            InterimEnd => ("RFC 9113 §8.1", Code::PROTOCOL_ERROR, "an interim response does not end the stream"),
            TooManyInterim => ("RFC 9110 §15.2", Code::ENHANCE_YOUR_CALM, "interim responses come to an end"),
            FieldsTooLarge => {
                ("RFC 9113 §10.5.1", Code::ENHANCE_YOUR_CALM, "fields stay within SETTINGS_MAX_HEADER_LIST_SIZE")
            }
            BlockTooLarge => ("RFC 9113 §10.5.1", Code::ENHANCE_YOUR_CALM, "a field block has a bound"),
            TooManyContinuations => ("RFC 9113 §10.5.1", Code::ENHANCE_YOUR_CALM, "a field block has few frames"),
            TooManySettings => ("RFC 9113 §10.5", Code::ENHANCE_YOUR_CALM, "SETTINGS have few entries"),
            TooManyOwed => ("RFC 9113 §10.5", Code::ENHANCE_YOUR_CALM, "who asks reads the answers"),
            TooManyResets => ("RFC 9113 §10.5", Code::ENHANCE_YOUR_CALM, "requests are made to be answered"),
            TooManyIdle => ("RFC 9113 §10.5", Code::ENHANCE_YOUR_CALM, "frames carry something"),
            PrefaceTimeout => ("RFC 9113 §9.1", Code::SETTINGS_TIMEOUT, "the preface and SETTINGS come in time"),
            HeadTimeout => ("RFC 9113 §10.5", Code::ENHANCE_YOUR_CALM, "who begins a field block ends it in time"),
            SettingsTimeout => ("RFC 9113 §6.5.3", Code::SETTINGS_TIMEOUT, "SETTINGS are acknowledged in time"),
            PingTimeout => ("RFC 9113 §6.7", Code::NO_ERROR, "PING is answered in time"),
            BodyTimeout => ("RFC 9113 §9.1", Code::CANCEL, "a body keeps coming"),
            WriteTimeout => ("RFC 9113 §9.1", Code::CANCEL, "a window opens in time"),
            Incomplete => ("RFC 9113 §8.1", Code::NO_ERROR, "the transport ends behind all messages"),
        }
    }
    // ANCHOR_END: rows

    /// Whether it is about something that did not come in time.
    pub const fn is_late(self) -> bool {
        use Violation::*;
        matches!(self, PrefaceTimeout | HeadTimeout | SettingsTimeout | PingTimeout | BodyTimeout | WriteTimeout)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().2)
    }
}
