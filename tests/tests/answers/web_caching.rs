//! Conditions as one writes them first, and the answers of "Caching with reasons".

use std::cell::Cell;
use wirebook_web::message::cache_control::{self, Use, lifetime, reuse, store};
use wirebook_web::message::{CacheControl, Conditions, ETag, Validators, Verdict, decide};
use wirebook_web::seconds;

// ANCHOR: naive
/// 304 if what the client has is what lies here.
fn naive(if_none_match: Option<&str>, etag: &str) -> u16 {
    if if_none_match == Some(etag) { 304 } else { 200 }
}
// ANCHOR_END: naive

// ANCHOR: breaks
#[test]
fn a_list_of_tags_is_no_text() {
    assert_eq!(naive(Some("\"v2\""), "\"v2\""), 304);
    // A cache that keeps two states asks for both.
    assert_eq!(naive(Some("\"v1\", \"v2\""), "\"v2\""), 200);
    // A proxy on the way has compressed the answer, and said so in its tag.
    assert_eq!(naive(Some("W/\"v2\""), "\"v2\""), 200);
}
// ANCHOR_END: breaks

const SIX: &str = "Fri, 27 Nov 2026 18:00:00 GMT";

fn tea(tag: &str) -> Validators {
    Validators { etag: ETag::strong(tag), modified: seconds(SIX), is_missing: false }
}

// ANCHOR: second
#[test]
fn a_second_is_long() {
    // The page changed twice at six o'clock. The client has the first of the two.
    let by_date = Conditions { if_modified_since: Some(SIX), ..Conditions::default() };
    assert_eq!(decide("GET", &tea("v2"), &by_date).verdict, Verdict::NotModified);
    let by_both = Conditions { if_none_match: Some("\"v1\""), ..by_date };
    assert_eq!(decide("GET", &tea("v2"), &by_both).verdict, Verdict::Perform(false));
}
// ANCHOR_END: second

// ANCHOR: lost
#[test]
fn two_people_write() {
    // Ada and Ben have read v1. Ada has written, so v2 lies here. Now Ben writes.
    let ben = Conditions { if_match: Some("\"v1\""), ..Conditions::default() };
    let decision = decide("PUT", &tea("v2"), &ben);
    assert_eq!(decision.status(), Some(412));
    assert_eq!(decision.reasons[0].to_string(), "If-Match: no tag is ours (§13.1.1)");
}
// ANCHOR_END: lost

// ANCHOR: fresh
#[test]
fn a_copy_serves_for_a_while() {
    let answer =
        cache_control::Answer { status: 200, cache_control: Some("max-age=60"), ..cache_control::Answer::default() };
    let plain = CacheControl::default();
    assert_eq!(lifetime(&answer), (60, "max-age"));
    assert_eq!(reuse(&plain, &answer, 59), Use::Fresh);
    assert_eq!(reuse(&plain, &answer, 60), Use::Revalidate("stale"));
    // Somebody presses reload.
    let reload = CacheControl::parse("max-age=0");
    assert_eq!(reuse(&reload, &answer, 1), Use::Revalidate("older than the request's max-age"));
}
// ANCHOR_END: fresh

// ANCHOR: shared
#[test]
fn what_is_for_one_is_not_kept_for_all() {
    let plain = CacheControl::default();
    let kept = |answer: &cache_control::Answer<'_>| store("GET", &plain, false, answer).is_ok();
    let page =
        cache_control::Answer { status: 200, cache_control: Some("max-age=60"), ..cache_control::Answer::default() };
    assert!(kept(&page));
    assert!(!kept(&cache_control::Answer { sets_cookie: true, ..page }));
    assert!(!kept(&cache_control::Answer { cache_control: Some("private, max-age=60"), ..page }));
    assert!(store("GET", &plain, true, &page).is_err()); // The request had an Authorization.
}
// ANCHOR_END: shared

// ANCHOR: list
/// Whether one of the tags of a list is ours, weakly. A comma may stand in a tag, so the list
/// is read from quote to quote.
fn has(list: &str, own: &str) -> bool {
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let tag = rest.strip_prefix("W/").unwrap_or(rest);
        let Some((opaque, behind)) = tag.strip_prefix('"').and_then(|tag| tag.split_once('"')) else {
            return false;
        };
        let is_end = behind.trim_start_matches([' ', '\t']);
        if !is_end.is_empty() && !is_end.starts_with(',') {
            return false;
        }
        if opaque == own {
            return true;
        }
        rest = behind;
    }
}
// ANCHOR_END: list

#[test]
fn the_list_is_read_as_the_crate_reads_it() {
    let pieces = ["\"v1\"", "\"v2\"", "W/\"v2\"", "\"v2,v3\"", ",", " ", "x", "\"", "W/", "\"v 2\""];
    for one in pieces {
        for two in pieces {
            for three in pieces {
                let list = [one, two, three].concat();
                // A space is in no tag; mine does not look.
                if list.contains("v 2") {
                    continue;
                }
                let asked = Conditions { if_none_match: Some(&list), ..Conditions::default() };
                let theirs = decide("GET", &tea("v2"), &asked).verdict == Verdict::NotModified;
                assert_eq!(has(&list, "v2") && !wrong(&list), theirs && !wrong(&list), "{list:?}");
            }
        }
    }
}

/// Lists with an odd quote in them, where a tag may come to hold a space or the beginning of another.
fn wrong(list: &str) -> bool {
    list.matches('"').count() % 2 == 1
}

// ANCHOR: cache
/// A cache of one page. The origin gets the tag that is kept, and answers with `None` for 304.
struct Cache {
    kept: Option<(u64, String)>,
    control: &'static str,
}

impl Cache {
    fn ask(&mut self, now: u64, origin: impl Fn(Option<&str>) -> Option<String>) -> String {
        let plain = CacheControl::default();
        let answer = cache_control::Answer {
            status: 200,
            cache_control: Some(self.control),
            ..cache_control::Answer::default()
        };
        if let Some((at, page)) = &self.kept
            && reuse(&plain, &answer, (now - at) as u32) == Use::Fresh
        {
            return page.clone();
        }
        let old = self.kept.take().map(|(_, page)| page);
        // Here a page is its own tag.
        let page = origin(old.as_deref()).or(old).unwrap_or_default();
        if store("GET", &plain, false, &answer).is_ok() {
            self.kept = Some((now, page.clone()));
        }
        page
    }
}
// ANCHOR_END: cache

#[test]
fn the_origin_is_asked_when_a_copy_is_stale() {
    let (asked, sent) = (Cell::new(0), Cell::new(0));
    let page = Cell::new("v1");
    let origin = |tag: Option<&str>| {
        asked.set(asked.get() + 1);
        if tag == Some(page.get()) {
            return None;
        }
        sent.set(sent.get() + 1);
        Some(page.get().to_owned())
    };
    let mut cache = Cache { kept: None, control: "max-age=60" };
    assert_eq!(cache.ask(0, origin), "v1");
    assert_eq!(cache.ask(59, origin), "v1");
    assert_eq!((asked.get(), sent.get()), (1, 1));
    assert_eq!(cache.ask(60, origin), "v1");
    assert_eq!((asked.get(), sent.get()), (2, 1)); // Asked, and nothing sent.
    page.set("v2");
    assert_eq!(cache.ask(100, origin), "v1"); // Fresh, and wrong: that was agreed upon.
    assert_eq!(cache.ask(120, origin), "v2");
    let mut private = Cache { kept: None, control: "no-store" };
    for now in 0..3 {
        private.ask(now, origin);
    }
    assert_eq!(asked.get(), 6);
}
