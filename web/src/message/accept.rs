//! Negotiation (RFC 9110 §12.5): which of what we have the other end likes best.
//!
//! All four fields are lists of ranges with weights; what differs is when a range covers an offer, and how closely. An offer's
//! weight is that of the closest range that covers it; 0 is a refusal. Then offers are ordered: the higher weight first, then the
//! closer range, then the earlier range, then our own order. Content codings have no meaning that one person likes better than
//! another: there our own order follows the weight at once, since every browser sends `gzip, deflate, br` without weights.
//!
//! A field that is absent accepts everything, in our order; an empty one accepts nothing, but for `identity`. Elements that
//! are not well-formed are as if they were not there.

use super::media::Media;
use crate::text::{is_token, split, trim, weight};
use std::cmp::Reverse;

/// Elements of one field that are read; those behind are as if they were not there.
pub const MOST_ITEMS: usize = 64;

/// An element of a field: a range and its weight.
struct Range<'f> {
    text: &'f str,
    weight: u16,
}

/// `range [ ";" OWS "q=" qvalue ]`. What stands behind the weight was never used (RFC 9110 §12.5.1).
fn elements(field: &str) -> impl Iterator<Item = Range<'_>> {
    split(field, b',').take(MOST_ITEMS).filter_map(|element| {
        let mut end = element.len();
        let mut heavy = 1000;
        let mut start = 0;
        for piece in split(element, b';') {
            let at = piece.as_ptr() as usize - element.as_ptr() as usize;
            if let Some(value) = piece.strip_prefix("q=").or_else(|| piece.strip_prefix("Q="))
                && start > 0
            {
                heavy = weight(value)?;
                end = at;
                break;
            }
            start = at + piece.len();
        }
        Some(Range { text: element[..end].trim_end_matches([' ', '\t', ';']), weight: heavy })
    })
}

/// Orders offers by what a field says. `closeness` is how closely a range covers an offer.
fn order<'o>(field: Option<&str>, offers: &[&'o str], closeness: impl Fn(&str, &str) -> Option<u8>) -> Vec<&'o str> {
    let Some(field) = field else { return offers.to_vec() };
    let mut found = ranked(&elements(field).collect::<Vec<_>>(), offers, closeness);
    // A stable sort keeps our own order where all three are the same.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, offer)| offer).collect()
}

/// What an offer is ordered by: weight, closeness, place of the range.
type Rank = (Reverse<u16>, Reverse<u8>, usize);

fn ranked<'o>(
    ranges: &[Range<'_>],
    offers: &[&'o str],
    closeness: impl Fn(&str, &str) -> Option<u8>,
) -> Vec<(Rank, &'o str)> {
    let mut found = Vec::new();
    for offer in offers {
        // The closest range; of two that are as close, the heavier counts, and of those the first.
        let covering = ranges
            .iter()
            .enumerate()
            .filter_map(|(at, range)| closeness(range.text, offer).map(|close| (close, range.weight, Reverse(at))));
        if let Some((close, weight, Reverse(at))) = covering.max()
            && weight > 0
        {
            found.push(((Reverse(weight), Reverse(close), at), *offer));
        }
    }
    found
}

/// The media types that an Accept accepts (§12.5.1), the best first.
///
/// ```
/// use wirebook_web::message::accept;
///
/// let accept = Some("text/*;q=0.5, text/html, application/json;q=0.9");
/// assert_eq!(accept::types(accept, &["text/plain", "application/json", "text/html"])[..], ["text/html", "application/json", "text/plain"]);
/// ```
// ANCHOR: types
pub fn types<'o>(field: Option<&str>, offers: &[&'o str]) -> Vec<&'o str> {
    order(field, offers, |range, offer| {
        let (range, offer) = (Media::parse(range)?, Media::parse(offer)?);
        // A range's parameters must be the offer's, too: `text/html;level=1` does not cover `text/html`.
        let has =
            |(name, value): (&str, &str)| offer.parameter(name).is_some_and(|own| own.eq_ignore_ascii_case(value));
        let close = match (range.kind(), range.subtype()) {
            ("*", "*") => 1,
            (kind, "*") if kind == offer.kind() => 2,
            _ if range.essence() == offer.essence() => 4,
            _ => return None,
        };
        let parameters = range.parameters().count();
        (parameters == 0 || range.parameters().all(has)).then_some(close + u8::from(parameters > 0))
    })
}
// ANCHOR_END: types

/// The languages that an Accept-Language accepts (§12.5.4), the best first, by RFC 4647's tags: `en` covers `en-GB`; and `en-GB`
/// covers `en`, less closely, because somebody who wants British English reads English.
pub fn languages<'o>(field: Option<&str>, offers: &[&'o str]) -> Vec<&'o str> {
    let prefix = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    order(field, offers, |range, offer| {
        if range == "*" {
            return Some(0);
        }
        let is_tag = !range.is_empty() && range.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match () {
            () if !is_tag => None,
            () if range.eq_ignore_ascii_case(offer) => Some(4),
            () if range.eq_ignore_ascii_case(&prefix(offer)) => Some(2),
            () if prefix(range).eq_ignore_ascii_case(offer) => Some(1),
            () => None,
        }
    })
}

/// The charsets that an Accept-Charset accepts (§12.5.2; browsers no longer send it), the best first.
pub fn charsets<'o>(field: Option<&str>, offers: &[&'o str]) -> Vec<&'o str> {
    order(field, offers, by_name)
}

fn by_name(range: &str, offer: &str) -> Option<u8> {
    match range {
        "*" => Some(0),
        _ if is_token(range) && range.eq_ignore_ascii_case(offer) => Some(1),
        _ => None,
    }
}

/// The content codings that an Accept-Encoding accepts (§12.5.3), the best first. `identity`, which is no coding, is accepted
/// unless it is refused (`identity;q=0`, or `*;q=0` without a word for it), and then liked least. Without the field only `identity`
/// is on the list: nobody has said that they can decode.
pub fn encodings<'o>(field: Option<&str>, offers: &[&'o str]) -> Vec<&'o str> {
    let mut ranges: Vec<Range<'_>> = elements(trim(field.unwrap_or_default())).collect();
    if !ranges.iter().any(|range| range.text == "*" || range.text.eq_ignore_ascii_case("identity")) {
        ranges.push(Range { text: "identity", weight: 1 });
    }
    let mut found = ranked(&ranges, offers, by_name);
    found.sort_by_key(|((weight, ..), _)| *weight);
    found.into_iter().map(|(_, offer)| offer).collect()
}
