//! The letters after a regular expression.

/// Flags of §22.2.6.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Flags {
    pub(crate) global: bool,
    pub(crate) ignore_case: bool,
    pub(crate) multiline: bool,
    pub(crate) dot_all: bool,
    pub(crate) unicode: bool,
    pub(crate) sticky: bool,
}

impl Flags {
    /// Whether the one with this property's name is there; `None` for other names.
    pub(super) fn named(&self, name: &str) -> Option<bool> {
        Some(match name {
            "global" => self.global,
            "ignoreCase" => self.ignore_case,
            "multiline" => self.multiline,
            "dotAll" => self.dot_all,
            "unicode" => self.unicode,
            "sticky" => self.sticky,
            "unicodeSets" => false,
            _ => return None,
        })
    }

    /// Reads them; `d` is taken, and gives nothing.
    pub(super) fn of(flag_text: &str) -> Result<Flags, String> {
        let mut flags = Flags::default();
        for (n, c) in flag_text.char_indices() {
            let flag = match c {
                'g' => &mut flags.global,
                'i' => &mut flags.ignore_case,
                'm' => &mut flags.multiline,
                's' => &mut flags.dot_all,
                'u' => &mut flags.unicode,
                'y' => &mut flags.sticky,
                'd' if !flag_text[..n].contains('d') => continue,
                _ => return Err("Invalid flags".into()),
            };
            if std::mem::replace(flag, true) {
                return Err("Invalid flags".into());
            }
        }
        Ok(flags)
    }
}
