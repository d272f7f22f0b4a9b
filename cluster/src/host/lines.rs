//! What a process writes, line by line: pure, and bounded whatever is written.

use std::borrow::Cow;

/// Octets of a line that are kept. What is behind them is counted.
pub const MAX_LINE: usize = 64 * 1024;

// ANCHOR: visible
/// The text for a terminal: what a terminal takes for a command stands there in signs that show it (`^[[2J`, as `cat -v` has it), so
/// that no process can move the cursor, or write over what another has written. Tabs and all letters stay as they are.
///
/// ```
/// use wirebook_cluster::host::visible;
/// assert_eq!(visible("tea\t\x1b[2J\u{9b}2J\u{202e}aet"), "tea\t^[[2J\\u{9b}2J\\u{202e}aet");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_command) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\0'..='\x1f' if is_command(letter) => shown.extend(['^', char::from(letter as u8 + b'@')]),
            '\x7f' => shown.push_str("^?"),
            _ if is_command(letter) => shown.extend(letter.escape_unicode()),
            _ => shown.push(letter),
        }
    }
    shown.into()
}
// ANCHOR_END: visible

/// As much of a text as fits into so many octets, whole letters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let end = (0..=text.len().min(most)).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// Whether a terminal does something at that sign, instead of showing it: Unicode's controls (C0, DEL, C1) except the tab, the two
/// separators of lines, and what turns the direction of all that follows.
pub fn is_command(letter: char) -> bool {
    let turns = matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (letter.is_control() && letter != '\t') || turns
}

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
    fn a_terminal_is_told_nothing() {
        for plain in ["", "tea", "a\tb", "żółć 茶 \u{1f600} \u{200d}\u{feff}", "^[[2J \\u{9b}"] {
            assert!(matches!(visible(plain), Cow::Borrowed(same) if same == plain), "{plain:?}");
        }
        let all: String = (0..=0x3000).filter_map(char::from_u32).collect();
        let shown = visible(&all);
        assert!(!shown.contains(is_command) && !shown.contains(|sign: char| sign.is_control() && sign != '\t'));
        assert_eq!(visible("\0\x07\x1b]0;x\x07\r\n\x7f\u{80}\u{9f}"), "^@^G^[]0;x^G^M^J^?\\u{80}\\u{9f}");
        assert_eq!(visible("\u{2028}\u{2029}\u{202a}\u{2066}\u{2069}").matches("\\u{").count(), 5);
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
