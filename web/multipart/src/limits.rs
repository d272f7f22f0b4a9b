//! What a stranger's form may cost.

/// Bounds on a form. Each counts bytes as they are sent. For each, 0 allows none, and `MAX` switches it off.
///
/// What the defaults leave is some 105 MiB: ten files, sixty-four fields, a hundred heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Parts in all: 100. (busboy has no limit, formidable 1,000; commons-fileupload had none, which was CVE-2023-24998.)
    pub parts: usize,
    /// Parts without a file name: 64. (Egg 10, formidable 1,000.)
    pub fields: usize,
    /// Parts with a file name: 10, as in Egg. A part with an empty file name counts too: browsers send it where no file was
    /// chosen.
    pub files: usize,
    /// A part's head, from behind the boundary to behind the empty line: 8 KiB, as much as HTTP/1 servers allow for a line.
    /// At 0 there are no parts.
    pub head: usize,
    /// Fields in a part's head: 16. Browsers send two. (multer-rs 32, busboy 2,000.)
    pub head_fields: usize,
    /// A part's name as it is sent: 100, as in busboy and Egg. At 0 only empty names are left.
    pub name: usize,
    /// The content of a field: 64 KiB. (busboy 1 MiB, Egg 100 kB.)
    pub field: u64,
    /// The content of a file: 10 MiB, as in Egg. (formidable 200 MiB, busboy none.)
    pub file: u64,
    /// The whole body, with its boundaries and heads: none, because a server bounds bodies before they come here.
    pub total: u64,
    /// Bytes before the first boundary: 1 KiB. RFC 2046 §5.1.1 has them passed over; no browser sends any. (busboy none.)
    pub preamble: u64,
    /// Bytes behind the last boundary: 1 KiB. Browsers send a line end, so 2 is the least that is of use.
    pub epilogue: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            parts: 100,
            fields: 64,
            files: 10,
            head: 8 * 1024,
            head_fields: 16,
            name: 100,
            field: 64 * 1024,
            file: 10 * 1024 * 1024,
            total: u64::MAX,
            preamble: 1024,
            epilogue: 1024,
        }
    }
}
