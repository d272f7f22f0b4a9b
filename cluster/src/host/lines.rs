//! What a process writes, line by line: pure, and bounded whatever is written.

/// Octets of a line that are kept. What is behind them is counted.
pub const MAX_LINE: usize = 64 * 1024;

/// Cuts a stream of octets into lines.
///
/// ```
/// use wirebook_cluster::host::Lines;
/// let (mut lines, mut seen) = (Lines::default(), Vec::new());
/// for piece in [&b"one\ntw"[..], b"o\r\n\nthr", b"ee"] {
///     lines.take(piece, |line| seen.push(line.to_owned()));
/// }
/// assert_eq!(seen, ["one", "two", ""]);
/// assert_eq!(lines.rest(), Some("three".to_owned()));
/// ```
#[derive(Debug, Default)]
pub struct Lines {
    kept: Vec<u8>,
    /// Octets of this line that were too many.
    left_out: u64,
}

impl Lines {
    /// Takes some octets, and gives each line that ends in them, without its end. What is no UTF-8 becomes U+FFFD.
    pub fn take(&mut self, mut octets: &[u8], mut each: impl FnMut(&str)) {
        while let Some(end) = octets.iter().position(|octet| *octet == b'\n') {
            self.keep(&octets[..end]);
            octets = &octets[end + 1..];
            each(&self.end());
        }
        self.keep(octets);
    }

    /// What was written behind the last line's end.
    pub fn rest(&mut self) -> Option<String> {
        (!self.kept.is_empty()).then(|| self.end())
    }

    fn keep(&mut self, octets: &[u8]) {
        let (fits, over) = octets.split_at(octets.len().min(MAX_LINE - self.kept.len()));
        self.kept.extend_from_slice(fits);
        self.left_out += over.len() as u64;
    }

    fn end(&mut self) -> String {
        let line = self.kept.strip_suffix(b"\r").unwrap_or(&self.kept);
        let mut text = String::from_utf8_lossy(line).into_owned();
        if self.left_out > 0 {
            text.push_str(&format!("… and {} octets more", self.left_out));
        }
        self.kept.clear();
        self.left_out = 0;
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        pieces.iter().for_each(|piece| lines.take(piece, |line| seen.push(line.to_owned())));
        seen.extend(lines.rest());
        seen
    }

    #[test]
    fn wherever_it_is_cut_the_lines_are_the_same() {
        let whole = "a\n\nzwei — 2\r\n\u{1f600}\nrest".as_bytes();
        let wanted = ["a", "", "zwei — 2", "\u{1f600}", "rest"];
        assert_eq!(lines(&[whole]), wanted);
        for cut in 0..=whole.len() {
            assert_eq!(lines(&[&whole[..cut], &whole[cut..]]), wanted, "{cut}");
        }
        assert_eq!(lines(&whole.chunks(1).collect::<Vec<_>>()), wanted);
        assert_eq!(lines(&[b"\xff\n"]), ["\u{fffd}"]);
    }

    #[test]
    fn a_line_has_its_most() {
        let long = vec![b'x'; MAX_LINE];
        assert_eq!(lines(&[&long, b"\nb"])[0].len(), MAX_LINE);
        let longer = lines(&[&long, b"yz", b"yz\nb\n"]);
        assert_eq!((longer[0].ends_with("x… and 4 octets more"), &*longer[1]), (true, "b"));
        let mut endless = Lines::default();
        (0..1000).for_each(|_| endless.take(&long, |_| panic!("it has no end")));
        assert!(endless.kept.capacity() <= 2 * MAX_LINE);
    }
}
