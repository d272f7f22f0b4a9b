//! The static table: RFC 7541 Appendix A.

/// The sixty-one fields that both ends know before the first block. Index 1 is the first.
#[rustfmt::skip]
pub const FIELDS: [(&str, &str); 61] = [
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
    ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
    ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
    ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""),
    ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""),
    ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""),
    ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""),
    ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
    ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""),
    ("www-authenticate", ""),
];

/// The longest name.
const LONGEST: usize = 27;

/// The rows by the length of their names, and for each length where its rows begin.
const BY_LENGTH: ([u8; 61], [u8; LONGEST + 2]) = by_length();

const fn by_length() -> ([u8; 61], [u8; LONGEST + 2]) {
    let (mut rows, mut starts) = ([0; 61], [0; LONGEST + 2]);
    let (mut placed, mut length) = (0, 0);
    while length <= LONGEST {
        starts[length] = placed as u8;
        let mut row = 0;
        while row < 61 {
            if FIELDS[row].0.len() == length {
                rows[placed] = row as u8;
                placed += 1;
            }
            row += 1;
        }
        length += 1;
    }
    starts[LONGEST + 1] = placed as u8;
    (rows, starts)
}

/// The index of a field with this name, 0 if there is none, and whether its value is this one too.
///
/// ```
/// use wirebook_hpack::static_table::find;
///
/// assert_eq!(find(b":method", b"POST"), (3, true));
/// assert_eq!(find(b":method", b"PUT"), (2, false));
/// assert_eq!(find(b"x-tea", b"green"), (0, false));
/// ```
pub fn find(name: &[u8], value: &[u8]) -> (u32, bool) {
    if name.len() > LONGEST {
        return (0, false);
    }
    let (rows, starts) = &BY_LENGTH;
    let mut named = 0;
    for &row in &rows[usize::from(starts[name.len()])..usize::from(starts[name.len() + 1])] {
        let (row_name, row_value) = FIELDS[usize::from(row)];
        if row_name.as_bytes() == name {
            let index = u32::from(row) + 1;
            // An empty value there means that the value is left open, but it may be meant as it stands.
            if row_value.as_bytes() == value {
                return (index, true);
            }
            if named == 0 {
                named = index;
            }
        }
    }
    (named, false)
}
