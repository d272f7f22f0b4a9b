//! SETTINGS: what each end allows the other. RFC 9113 §6.5, RFC 8441 §3, RFC 9218 §2.1.

use super::error::Violation;

/// The largest window: a sum of credits that is larger has no 31 bits (§6.9.1).
pub const MAX_WINDOW: u32 = (1 << 31) - 1;

/// The window that streams and the connection begin with, before anybody has said other (§6.9.2).
pub const FIRST_WINDOW: u32 = 65_535;

/// The frames that everybody takes; also the smallest SETTINGS_MAX_FRAME_SIZE (§4.2).
pub const FIRST_FRAME_SIZE: u32 = 16_384;

/// All settings of one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// SETTINGS_HEADER_TABLE_SIZE: the table of its HPACK decoder, in bytes.
    pub header_table_size: u32,
    /// SETTINGS_ENABLE_PUSH: whether it takes PUSH_PROMISE.
    pub enable_push: bool,
    /// SETTINGS_MAX_CONCURRENT_STREAMS: how many streams the other may have open.
    pub max_concurrent_streams: u32,
    /// SETTINGS_INITIAL_WINDOW_SIZE: the window of a new stream.
    pub initial_window_size: u32,
    /// SETTINGS_MAX_FRAME_SIZE: the largest payload that it takes.
    pub max_frame_size: u32,
    /// SETTINGS_MAX_HEADER_LIST_SIZE: advice on how large a head may be.
    pub max_header_list_size: u32,
    /// SETTINGS_ENABLE_CONNECT_PROTOCOL: whether it takes extended CONNECT (RFC 8441).
    pub enable_connect_protocol: bool,
    /// SETTINGS_NO_RFC7540_PRIORITIES: it ignores the old priorities (RFC 9218).
    pub no_rfc7540_priorities: bool,
}

impl Default for Settings {
    /// What holds before the first SETTINGS frame (§6.5.2).
    fn default() -> Self {
        Settings {
            header_table_size: 4096,
            enable_push: true,
            max_concurrent_streams: u32::MAX,
            initial_window_size: FIRST_WINDOW,
            max_frame_size: FIRST_FRAME_SIZE,
            max_header_list_size: u32::MAX,
            enable_connect_protocol: false,
            no_rfc7540_priorities: false,
        }
    }
}

/// The settings that this crate knows, with their names.
pub const NAMES: [(u16, &str); 8] = [
    (0x1, "HEADER_TABLE_SIZE"),
    (0x2, "ENABLE_PUSH"),
    (0x3, "MAX_CONCURRENT_STREAMS"),
    (0x4, "INITIAL_WINDOW_SIZE"),
    (0x5, "MAX_FRAME_SIZE"),
    (0x6, "MAX_HEADER_LIST_SIZE"),
    (0x8, "ENABLE_CONNECT_PROTOCOL"),
    (0x9, "NO_RFC7540_PRIORITIES"),
];

/// The entries of a payload, in order, unknown ones too.
pub fn entries(payload: &[u8]) -> impl Iterator<Item = (u16, u32)> {
    payload
        .as_chunks()
        .0
        .iter()
        .map(|[a, b, value @ ..]: &[u8; 6]| (u16::from_be_bytes([*a, *b]), u32::from_be_bytes(*value)))
}

impl Settings {
    /// Changes what an entry says; one that nobody knows is ignored (§6.5.2).
    ///
    /// # Errors
    ///
    /// [`Violation::SettingValue`] and [`Violation::SettingWindow`].
    // ANCHOR: set
    pub fn set(&mut self, (name, value): (u16, u32)) -> Result<(), Violation> {
        let flag = match value {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Violation::SettingValue),
        };
        match name {
            0x1 => self.header_table_size = value,
            0x2 => self.enable_push = flag?,
            0x3 => self.max_concurrent_streams = value,
            0x4 if value > MAX_WINDOW => return Err(Violation::SettingWindow),
            0x4 => self.initial_window_size = value,
            0x5 if !(FIRST_FRAME_SIZE..1 << 24).contains(&value) => return Err(Violation::SettingValue),
            0x5 => self.max_frame_size = value,
            0x6 => self.max_header_list_size = value,
            // RFC 8441 §3: who has said 1 never says 0.
            0x8 if self.enable_connect_protocol && value == 0 => return Err(Violation::SettingValue),
            0x8 => self.enable_connect_protocol = flag?,
            0x9 => self.no_rfc7540_priorities = flag?,
            _ => {}
        }
        Ok(())
    }
    // ANCHOR_END: set

    /// The settings that differ from what holds without a word, as entries.
    pub fn changed(&self) -> impl Iterator<Item = (u16, u32)> {
        self.values()
            .into_iter()
            .zip(Settings::default().values())
            .filter(|(own, first)| own != first)
            .map(|(own, _)| own)
    }

    fn values(&self) -> [(u16, u32); 8] {
        [
            (0x1, self.header_table_size),
            (0x2, self.enable_push.into()),
            (0x3, self.max_concurrent_streams),
            (0x4, self.initial_window_size),
            (0x5, self.max_frame_size),
            (0x6, self.max_header_list_size),
            (0x8, self.enable_connect_protocol.into()),
            (0x9, self.no_rfc7540_priorities.into()),
        ]
    }
}
