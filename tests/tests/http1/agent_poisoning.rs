//! Response queue poisoning: a server that answers what nobody has asked, in every way that we could think of, never gets
//! its words to the wrong request.
//!
//! What cannot be told apart is left out: bytes that are still on their way when the next request is written look like its
//! answer, and HTTP/1.1 has no name by which they could be known. So after a trial whose poison is late the client
//! pauses until it has arrived, as an idle client does; where the poison comes with the answer it goes on at once.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wirebook_http1::client::{Agent, AgentOptions, Options, Origin, request};
use wirebook_net::sim::{self, Faults, SimListener, SimStream};
use wirebook_net::{self as net, Listener, Stream};
use wirebook_tests::asked;

const ADDRESS: &str = "10.0.0.1:80";
const EVIL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL";

/// Trials of one simulation: a fresh one starts with other cuts.
const PER_RUN: u64 = 5_000;

/// Trials where nobody says how many; `WIREBOOK_TRIALS=1000000` is what CI runs.
const DEFAULT_TRIALS: u64 = 10_000;

/// Longest time that late poison takes.
const LATE: Duration = Duration::from_millis(20);

/// What the server does to the exchange that comes next, agreed upon by both sides through shared memory.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Poison {
    None,
    /// Behind the answer, in the same write.
    Glued,
    /// Behind the answer, while the connection idles.
    Late,
    LateInformational,
    /// More bytes than the length says.
    Overlong,
    BehindLastChunk,
    Behind204,
    Behind304,
    BehindHead,
    /// A flood of informational responses that ends in poison.
    Flood,
    /// Two lengths, for two opinions.
    TwoLengths,
    LengthAndChunks,
    /// The answer is given before the body was sent, and again behind it.
    Early,
    /// Half an answer, and the end.
    CutShort,
    /// An upgrade that nobody asked for.
    Switch,
}

const POISONS: [Poison; 15] = [
    Poison::None,
    Poison::Glued,
    Poison::Late,
    Poison::LateInformational,
    Poison::Overlong,
    Poison::BehindLastChunk,
    Poison::Behind204,
    Poison::Behind304,
    Poison::BehindHead,
    Poison::Flood,
    Poison::TwoLengths,
    Poison::LengthAndChunks,
    Poison::Early,
    Poison::CutShort,
    Poison::Switch,
];

async fn serve(stream: SimStream, plan: Rc<Cell<Poison>>) {
    let mut unused = Vec::new();
    let mut bytes = vec![0; 4096];
    loop {
        while !unused.windows(4).any(|four| four == b"\r\n\r\n") {
            match stream.read(&mut bytes).await {
                Ok(count @ 1..) => unused.extend_from_slice(&bytes[..count]),
                _ => return,
            }
        }
        let text = String::from_utf8_lossy(&unused).into_owned();
        unused.clear();
        let path = text.split(' ').nth(1).unwrap_or_default();
        let good = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{path}", path.len());
        let answer = match plan.get() {
            Poison::None | Poison::Late | Poison::LateInformational => good,
            Poison::Glued | Poison::Overlong if plan.get() == Poison::Glued => format!("{good}{EVIL}"),
            Poison::Glued | Poison::Overlong => format!("{good}EVIL"),
            Poison::BehindLastChunk => format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{path}\r\n0\r\n\r\n{EVIL}",
                path.len()
            ),
            Poison::Behind204 => format!("HTTP/1.1 204 \r\n\r\n{EVIL}"),
            Poison::Behind304 => format!("HTTP/1.1 304 \r\nContent-Length: {}\r\n\r\n{EVIL}", EVIL.len()),
            Poison::BehindHead => format!("HTTP/1.1 200 \r\nContent-Length: {}\r\n\r\n{EVIL}", EVIL.len()),
            Poison::Flood => format!("{}{good}{EVIL}", "HTTP/1.1 102 \r\n\r\n".repeat(sim::random_below(50) as usize)),
            Poison::TwoLengths => format!("HTTP/1.1 200 \r\nContent-Length: 0\r\nContent-Length: 9\r\n\r\n{EVIL}"),
            Poison::LengthAndChunks => {
                format!("HTTP/1.1 200 \r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n{EVIL}")
            }
            Poison::Early => format!("{good}{EVIL}"),
            Poison::CutShort => good[..good.len() - 1].to_owned(),
            Poison::Switch => format!("HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n{EVIL}"),
        };
        if stream.write_all(answer.as_bytes()).await.is_err() || plan.get() == Poison::CutShort {
            return;
        }
        if matches!(plan.get(), Poison::Late | Poison::LateInformational) {
            let poison = if plan.get() == Poison::Late { EVIL } else { "HTTP/1.1 100 \r\n\r\n" };
            let cut = 1 + sim::random_below(poison.len() as u64 - 1) as usize;
            net::sleep(Duration::from_millis(sim::random_below(LATE.as_millis() as u64))).await;
            if stream.write_all(&poison.as_bytes()[..cut]).await.is_err() {
                return;
            }
            // The rest follows when the connection is gone already, or will soon be.
            let _ = stream.write_all(&poison.as_bytes()[cut..]).await;
        }
    }
}

/// Runs that many trials; gives how many answers were right.
async fn trials(count: u64, first: u64) -> u64 {
    let plan = Rc::new(Cell::new(Poison::None));
    let listener = SimListener::bind(ADDRESS).expect("a free address");
    let shared = plan.clone();
    net::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            net::spawn(serve(stream, shared.clone()));
        }
    });
    let agent = Agent::with_connector(AgentOptions { max_sockets: 1, ..AgentOptions::default() }, async |_: Origin| {
        SimStream::connect(ADDRESS).await
    });
    let seen = RefCell::new(Vec::new());
    let mut right = 0;
    for number in first..first + count {
        let poison = POISONS[sim::random_below(POISONS.len() as u64) as usize];
        plan.set(poison);
        let late = matches!(poison, Poison::Late | Poison::LateInformational);
        // A cut between answer and poison is a poison that comes late: then there is a pause.
        let cut = sim::chance(0.5);
        sim::set_faults(Faults { cut: if cut { 0.5 } else { 0.0 }, ..Faults::default() });
        let path = format!("/{number}");
        let method = match poison {
            Poison::BehindHead => "HEAD",
            Poison::Early => "POST",
            _ => "GET",
        };
        let options = Options { method, path: &path, agent: Some(&agent), ..Options::default() };
        let outcome = async {
            let mut exchange = request(&options).await?;
            if poison == Poison::Early {
                exchange.write("x").await?;
                net::sleep(Duration::from_millis(1)).await;
            }
            let mut response = exchange.end("").await?;
            let body = response.bytes(1000).await?;
            Ok::<_, wirebook_http1::client::Error>((response.status(), body))
        };
        if let Ok((status, body)) = outcome.await {
            let bodiless = method == "HEAD" || matches!(status, 204 | 304);
            let own = if bodiless { b"" } else { path.as_bytes() };
            if body != own {
                seen.borrow_mut().push((poison, number, String::from_utf8_lossy(&body).into_owned()));
            }
            right += u64::from(body == own);
        }
        if late || cut {
            net::sleep(LATE + Duration::from_millis(2)).await;
        }
    }
    assert!(seen.borrow().is_empty(), "foreign responses: {:?}", seen.borrow());
    right
}

#[test]
fn no_response_is_given_to_the_wrong_request() {
    let wanted = asked("WIREBOOK_TRIALS", DEFAULT_TRIALS);
    let mut right = 0;
    for run in 0..wanted / PER_RUN {
        right += sim::run(run, trials(PER_RUN, run * PER_RUN)).expect("the simulation ends");
    }
    // The test would be worth nothing if all exchanges failed.
    assert!(right * 2 > wanted, "{right} of {wanted}");
}
