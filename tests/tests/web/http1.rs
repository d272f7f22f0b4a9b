//! What the web layer asks of HTTP/1: the fields of an answer before they are out, and a request and a response of one lifetime.

use std::net::Shutdown;
use wirebook_http1::server::Options;
use wirebook_http1::{self as http1, FieldBlock, Misuse, Outcome, Request, Response};
use wirebook_net::Stream;
use wirebook_net::sim::{self, SimListener, SimStream};

/// One value for both, as a context is.
struct Both<'r> {
    request: Request<'r>,
    response: Response<'r>,
}

async fn handler<'r>(request: Request<'r>, response: Response<'r>) -> Outcome {
    let mut both = Both { request, response };
    both.response.fields_mut(|fields| fields.set("x-one", "1"))??;
    both.response.fields_mut(|fields| fields.append("x-two", "2"))??;
    both.response.fields_mut(|fields| fields.append("x-two", "3"))??;
    both.response.fields_mut(|fields| fields.set("X-ONE", "4"))??;
    assert_eq!(both.response.fields_mut(|fields| fields.remove("x-none"))?, 0);
    let wrong = both.response.fields_mut(|fields| fields.set("x-one", "a\r\nb"))?;
    assert_eq!(wrong, Err(Misuse::FieldValue));
    // Nothing is borrowed meanwhile.
    let seen = |fields: &FieldBlock| (fields.lines().len(), both.request.upgrades());
    assert_eq!(both.response.fields(seen), (3, false));
    assert_eq!((both.response.status_now(), both.response.is_begun()), (200, false));
    both.response.set_status(201);
    assert_eq!(both.response.status_now(), 201);
    both.response.write("body").await?;
    both.response.set_status(500);
    assert_eq!((both.response.status_now(), both.response.is_begun()), (201, true));
    let late = both.response.fields_mut(|_| unreachable!("the head is out"));
    assert_eq!(late, Err::<(), _>(Misuse::OutOfTurn));
    both.response.end(both.request.path()).await
}

#[test]
fn the_fields_of_an_answer_can_be_looked_at_and_changed_until_they_are_out() {
    let all = async {
        let server = http1::serve_on(SimListener::bind("10.0.0.1:80").unwrap(), Options::default(), handler);
        let client = SimStream::connect("10.0.0.1:80").await.unwrap();
        client.write_all(b"GET /tea HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let (mut all, mut piece) = (Vec::new(), [0; 1024]);
        while let Ok(count @ 1..) = client.read(&mut piece).await {
            all.extend_from_slice(&piece[..count]);
        }
        drop(client);
        server.close();
        server.closed().await;
        String::from_utf8(all).unwrap()
    };
    let all = sim::run(1, all).unwrap();
    assert!(all.starts_with("HTTP/1.1 201 Created\r\nx-two: 2\r\nx-two: 3\r\nX-ONE: 4\r\n"), "{all}");
    assert!(all.ends_with("4\r\nbody\r\n4\r\n/tea\r\n0\r\n\r\n"), "{all}");
}
