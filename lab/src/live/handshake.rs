//! The opening handshake of a WebSocket (RFC 6455 §4): a request as every other, and what the server's own reader makes of it.

use super::answer::{Answer, Fault, Happening};
use super::head;
use wirebook_http1::parser::{self, Fields, Limits, Progress, Version};
use wirebook_http1::reason;
use wirebook_websocket::handshake::server::{Offer, Policy, Refusal};
use wirebook_websocket::{Config, Deflate};

/// Takes a request apart, and adds what it offers and what it is answered.
pub(crate) fn dissect(input: &[u8], cut: usize) -> Answer {
    let mut answer = head::dissect(input, cut, None);
    let (mut fields, mut progress) = (Fields::new(), Progress::default());
    let Ok(Some(request)) = parser::request(input, &mut fields, &mut progress, &Limits::default()) else {
        return answer;
    };
    // What lies behind the head is frames, and no request.
    let end = request.len();
    answer.events.retain(|event| event.end <= end);
    answer.parts.retain(|part| part.end <= end);
    answer.fault = None;
    answer.nanoseconds = None;
    let mut say = |event, text| answer.events.push(Happening { start: 0, end, event, text });
    let is_http11 = request.version == Version::Http11;
    let judged = Offer::read(request.method, is_http11, request.fields.iter()).and_then(|offer| {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        say("offer", format!("key {}", text(offer.key)));
        if let Some(origin) = offer.origin {
            say("offer", format!("page of {}", text(origin)));
        }
        offer.protocols.iter().for_each(|protocol| say("offer", format!("subprotocol {protocol}")));
        offer.extensions.iter().for_each(|extension| say("offer", format!("extension {}", extension.name)));
        let config = Config { deflate: Some(Deflate::default()), ..Config::default() };
        offer.accept(&Policy::default(), &config)
    });
    match judged {
        Ok(accepted) => {
            say("answer", "101 Switching Protocols".into());
            accepted.fields().for_each(|(name, value)| say("answer", format!("{name}: {value}")));
        }
        Err(refusal) => answer.fault = Some(fault(refusal, end)),
    }
    answer.before_cut = answer.events.iter().filter(|event| event.end <= answer.cut).count();
    answer
}

fn fault(refusal: Refusal, end: usize) -> Fault {
    Fault {
        offset: end,
        name: format!("{refusal:?}"),
        message: refusal.to_string(),
        rule: "RFC 6455 §4.2.1",
        answer: format!("{} {}", refusal.status(), reason(refusal.status())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_answered_and_a_missing_key_refused() {
        let good = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n\r\n\x81\x85";
        let answer = dissect(good, usize::MAX);
        let said: Vec<&str> = answer.events.iter().map(|event| event.text.as_str()).collect();
        // The accept value is the example of RFC 6455 §1.3.
        for line in ["subprotocol chat", "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="] {
            assert!(said.contains(&line), "{said:?}");
        }
        assert_eq!(answer.fault, None);
        let bad = dissect(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", usize::MAX);
        assert_eq!(
            bad.fault.map(|fault| (fault.name, fault.answer)),
            Some(("Upgrade".into(), "400 Bad Request".into()))
        );
    }
}
