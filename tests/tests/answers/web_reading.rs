//! A request as one reads it first, and the answers of "Reading a request".

use std::net::IpAddr;
use wirebook_web::input::{FormFault, QUERY, Value, form, pairs};
use wirebook_web::message::accept;
use wirebook_web::trust::{Fields, Trust};

// ANCHOR: naive
fn query<'t>(target: &'t str, name: &str) -> Option<&'t str> {
    let pairs = target.split_once('?')?.1.split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|pair| pair.1)
}

fn client<'t>(forwarded_for: Option<&'t str>, peer: &'t str) -> &'t str {
    forwarded_for.and_then(|list| list.split(',').next()).unwrap_or(peer)
}

fn wants_json(accept: &str) -> bool {
    accept.contains("application/json")
}
// ANCHOR_END: naive

// ANCHOR: breaks
#[test]
fn what_was_meant_is_not_what_is_read() {
    assert_eq!(query("/teas?q=green+tea%21", "q"), Some("green+tea%21")); // green tea!
    assert_eq!(query("/teas?%71=oolong", "q"), None); // %71 is a q.
    assert_eq!(query("/teas?new", "new"), None); // It is there, and empty.
    assert_eq!(client(Some("127.0.0.1, 203.0.113.7"), "10.0.0.1"), "127.0.0.1"); // Made up.
    assert!(wants_json("text/html, application/json;q=0")); // Anything but JSON.
}
// ANCHOR_END: breaks

// ANCHOR: pairs
#[test]
fn a_query_is_pairs() {
    let read: Vec<_> = pairs("q=green+tea%21&new&q=oolong").collect();
    let [one, two, three] = &read[..] else { panic!("{read:?}") };
    assert_eq!(one, &("q".to_owned(), "green tea!".to_owned()));
    assert_eq!(two, &("new".to_owned(), String::new()));
    assert_eq!(three.1, "oolong");
}
// ANCHOR_END: pairs

// ANCHOR: nested
#[test]
fn brackets_make_a_tree_or_an_error() {
    let filter = form("filter[from]=cn&filter[tags][]=new&filter[tags][]=green", &QUERY).unwrap();
    assert_eq!(filter.get("filter").and_then(|filter| filter.get("from")), Some(&Value::Text("cn".into())));
    // Text here, a map there: one of two readers would be wrong.
    assert_eq!(form("a=1&a[b]=2", &QUERY), Err(FormFault::Conflict));
    // A place far away is no reason to make room for it.
    assert_eq!(form("a[4000000000]=1", &QUERY), Err(FormFault::List));
}
// ANCHOR_END: nested

// ANCHOR: right
#[test]
fn from_the_right_to_the_first_that_is_not_ours() {
    let peer: IpAddr = "10.0.0.1".parse().unwrap();
    let fields = Fields { x_forwarded_for: Some("127.0.0.1, 203.0.113.7, 10.0.0.2"), ..Fields::default() };
    // Nobody has said which proxies are ours: the peer it is.
    assert_eq!(Trust::default().client(peer, &fields).ip, peer);
    let ours = Trust::cidrs(&["10.0.0.0/8"]).unwrap();
    assert_eq!(ours.client(peer, &fields).ip.to_string(), "203.0.113.7");
}
// ANCHOR_END: right

// ANCHOR: best
#[test]
fn the_closest_range_has_a_say() {
    let offers = ["text/html", "application/json"];
    let best = |field| accept::types(Some(field), &offers).first().copied();
    assert_eq!(best("*/*"), Some("text/html")); // Our order.
    assert_eq!(best("text/*;q=0.5, application/json"), Some("application/json"));
    assert_eq!(best("text/html, application/json;q=0"), Some("text/html"));
    assert_eq!(best("*/*, text/html;q=0"), Some("application/json")); // All but HTML.
    assert_eq!(best("image/*"), None); // 406.
}
// ANCHOR_END: best

// ANCHOR: my_pairs
/// Pairs of a query: `+` is a space, `%` and two digits a byte, and what is wrong stays.
fn my_pairs(text: &str) -> Vec<(String, String)> {
    let meaning = |text: &str| {
        let mut out = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((&first, behind)) = rest.split_first() {
            let digit = |at: usize| char::from(*behind.get(at)?).to_digit(16);
            rest = behind;
            match first {
                b'+' => out.push(b' '),
                b'%' => match (digit(0), digit(1)) {
                    (Some(high), Some(low)) => {
                        out.push((high * 16 + low) as u8);
                        rest = &behind[2..];
                    }
                    _ => out.push(b'%'),
                },
                byte => out.push(byte),
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (meaning(name), meaning(value))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}
// ANCHOR_END: my_pairs

// ANCHOR: my_best
/// The offer that an Accept likes best, for ranges without parameters of their own.
fn my_best<'o>(field: &str, offers: &[&'o str]) -> Option<&'o str> {
    let ranges: Vec<(&str, f32)> = field
        .split(',')
        .map(|element| {
            let mut pieces = element.split(';').map(str::trim);
            let range = pieces.next().unwrap_or_default();
            let weight = pieces.find_map(|piece| piece.strip_prefix("q=")).unwrap_or("1");
            (range, weight.parse().unwrap_or(0.0))
        })
        .collect();
    let mut best: Option<(&'o str, (f32, u8, isize))> = None;
    for offer in offers {
        let kind = offer.split('/').next().unwrap_or_default();
        let closest = ranges.iter().enumerate().filter_map(|(at, (range, weight))| {
            let close = match *range {
                "*/*" => 1,
                range if range == format!("{kind}/*") => 2,
                range if range == *offer => 3,
                _ => return None,
            };
            Some((*weight, close, -(at as isize)))
        });
        // The closest range says how heavy the offer is, also if it says 0.
        let says = closest.max_by_key(|(_, close, _)| *close).filter(|(weight, ..)| *weight > 0.0);
        if let Some(says) = says
            && best.is_none_or(|(_, old)| says > old)
        {
            best = Some((offer, says));
        }
    }
    best.map(|(offer, _)| offer)
}
// ANCHOR_END: my_best

#[test]
fn mine_are_held_to_the_crates() {
    let pieces = ["a", "=", "&", "+", "%41", "%", "%4", "%c3%a4", "%ff", "=="];
    for one in pieces {
        for two in pieces {
            for three in pieces {
                let text = [one, two, three].concat();
                assert_eq!(my_pairs(&text), pairs(&text).collect::<Vec<_>>(), "{text}");
            }
        }
    }
    let ranges = ["*/*", "text/*", "text/html", "application/json", "image/png"];
    let weights = ["", ";q=0", ";q=0.5", ";q=0.9"];
    let offers = ["text/html", "application/json", "text/plain"];
    for (one, other) in ranges.iter().flat_map(|one| ranges.iter().map(move |other| (one, other))) {
        for (q, p) in weights.iter().flat_map(|q| weights.iter().map(move |p| (q, p))) {
            // Of two ranges that are one, the heavier counts; mine takes the last.
            if one == other {
                continue;
            }
            let field = format!("{one}{q}, {other}{p}");
            assert_eq!(my_best(&field, &offers), accept::types(Some(&field), &offers).first().copied(), "{field}");
        }
    }
}
