//! Every bound of `Config` at 0, at 1 and at its maximum, at either end: what becomes of a request, and that nothing panics, spins or hangs.

use crate::peer::{ADDRESS, serve, simulate, with};
use crate::server::handler;
use std::sync::Arc;
use std::time::Duration;
use wirebook_http2::Config;
use wirebook_http2::client::{Error, Session};
use wirebook_net as net;
use wirebook_net::sim::SimStream;

/// Sets one bound to one of its three values.
type Set = fn(&mut Config, usize);

const TIMES: [Duration; 3] = [Duration::ZERO, Duration::from_nanos(1), Duration::MAX];

macro_rules! number {
    ($($field:ident).+, $kind:ty) => {
        (stringify!($($field).+), (|config: &mut Config, at: usize| config.$($field).+ = [0, 1, <$kind>::MAX][at]) as Set)
    };
}

macro_rules! time {
    ($field:ident) => {
        (stringify!($field), (|config: &mut Config, at: usize| config.$field = TIMES[at]) as Set)
    };
}

fn bounds() -> Vec<(&'static str, Set)> {
    vec![
        number!(max_concurrent_streams, u32),
        number!(stream_window, u32),
        number!(connection_window, u32),
        number!(max_frame_size, u32),
        number!(decoder_table, u32),
        number!(encoder_table, u32),
        number!(max_header_list, u32),
        number!(max_fields, usize),
        number!(max_block, usize),
        number!(max_continuations, u32),
        number!(max_settings, u32),
        number!(max_owed, usize),
        number!(resets.burst, u32),
        number!(resets.per_second, u32),
        number!(idle_frames.burst, u32),
        number!(idle_frames.per_second, u32),
        time!(preface_timeout),
        time!(head_timeout),
        time!(settings_timeout),
        time!(body_timeout),
        number!(min_body_rate, u32),
        time!(stop_timeout),
        time!(write_timeout),
        time!(idle_timeout),
        time!(shutdown_timeout),
        time!(ping_timeout),
        number!(max_requests, u32),
        number!(max_out, usize),
        number!(max_interim, u32),
        number!(assumed_streams, u32),
    ]
}

/// Where not all three are answered with 200: 0 takes nothing, 1 too little for a head or a SETTINGS frame, and no time is none. No maximum is
/// here: each switches its bound off.
const DIFFERENT: &str = "\
server max_concurrent_streams 0: (REFUSED_STREAM) (NO_ERROR) (NO_ERROR)
server stream_window 0: 200 WriteTimeout (Closed)
client stream_window 0: BodyTimeout (NO_ERROR) (NO_ERROR)
server stream_window 1: 200 TooManyIdle (TooManyIdle)
client stream_window 1: 200 ENHANCE_YOUR_CALM (ENHANCE_YOUR_CALM)
server max_header_list 0: 431 431 431
client max_header_list 0: FieldsTooLarge FieldsTooLarge FieldsTooLarge
server max_header_list 1: 431 431 431
client max_header_list 1: FieldsTooLarge FieldsTooLarge FieldsTooLarge
server max_fields 0: 431 431 431
client max_fields 0: FieldsTooLarge FieldsTooLarge FieldsTooLarge
server max_fields 1: 431 431 431
client max_fields 1: FieldsTooLarge FieldsTooLarge FieldsTooLarge
server max_block 0: (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM)
client max_block 0: BlockTooLarge (BlockTooLarge) (BlockTooLarge)
server max_block 1: (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM)
client max_block 1: BlockTooLarge (BlockTooLarge) (BlockTooLarge)
server max_settings 0: (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM)
client max_settings 0: TooManySettings (TooManySettings) (TooManySettings)
server max_settings 1: (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM)
client max_settings 1: TooManySettings (TooManySettings) (TooManySettings)
server max_owed 0: (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM)
client max_owed 0: TooManyOwed (TooManyOwed) (TooManyOwed)
server idle_frames.burst 0: (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM) (ENHANCE_YOUR_CALM)
client idle_frames.burst 0: TooManyIdle (TooManyIdle) (TooManyIdle)
server preface_timeout 0: Ended (Ended) (Ended)
client preface_timeout 0: PrefaceTimeout (PrefaceTimeout) (PrefaceTimeout)
server preface_timeout 1: Ended (Ended) (Ended)
client preface_timeout 1: PrefaceTimeout (PrefaceTimeout) (PrefaceTimeout)
server settings_timeout 0: (SETTINGS_TIMEOUT) (SETTINGS_TIMEOUT) (SETTINGS_TIMEOUT)
client settings_timeout 0: SettingsTimeout (SettingsTimeout) (SettingsTimeout)
server settings_timeout 1: 200 (SETTINGS_TIMEOUT) (SETTINGS_TIMEOUT)
client settings_timeout 1: SettingsTimeout (SettingsTimeout) (SettingsTimeout)
server idle_timeout 0: 200 (NO_ERROR) (NO_ERROR)
server idle_timeout 1: 200 200 (NO_ERROR)
server max_requests 0: 200 (NO_ERROR) (NO_ERROR)
server max_requests 1: 200 (NO_ERROR) (NO_ERROR)
server max_out 0: BodyTimeout BodyTimeout BodyTimeout
client max_out 0: 200 CANCEL 200
client max_interim 0: 200 200 TooManyInterim
";

/// What becomes of a request: the status of its whole answer, why there is none, or that it waits for ever.
async fn fate(session: &Session, method: &str, path: &str, body: &[u8]) -> String {
    let exchange = async {
        let mut answer = session.request(method, path).send(body).await?;
        answer.bytes(1 << 20).await?;
        Ok::<_, Error>(answer.status())
    };
    match net::timeout(Duration::from_secs(100), exchange).await {
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => name(&error),
        Err(_) => "waits".to_owned(),
    }
}

/// An error in a word; in brackets where the server has not looked at the request.
fn name(error: &Error) -> String {
    match error {
        Error::Protocol(error) => format!("{:?}", error.violation),
        Error::Reset(code) => code.to_string(),
        Error::Goaway(said) => said.code.to_string(),
        Error::Unprocessed(why) => format!("({})", name(why)),
        error => format!("{error:?}"),
    }
}

/// A GET, a POST whose content comes back, and a GET with an interim answer, on one connection.
fn fates(server: Config, client: Config) -> String {
    simulate(async move {
        serve(with(|config| *config = server), handler);
        let stream = SimStream::connect(ADDRESS).await.expect("the server listens");
        let session = Session::over(stream, "a", Arc::new(client));
        let body = vec![7; 5000];
        let mut fates = Vec::new();
        for (method, path, body) in [("GET", "/tea", &body[..0]), ("POST", "/echo", &body), ("GET", "/hints", &[])] {
            fates.push(fate(&session, method, path, body).await);
        }
        net::stop();
        fates.join(" ")
    })
}

#[test]
fn every_bound_at_nothing_at_the_least_and_at_its_maximum() {
    let mut table = String::new();
    for (name, set) in bounds() {
        for (at, value) in ["0", "1", "its maximum"].into_iter().enumerate() {
            let mut bound = Config::default();
            set(&mut bound, at);
            for (end, server, client) in
                [("server", bound.clone(), Config::default()), ("client", Config::default(), bound)]
            {
                let fates = fates(server, client);
                if fates != "200 200 200" {
                    table.push_str(&format!("{end} {name} {value}: {fates}\n"));
                }
            }
        }
    }
    assert_eq!(table, DIFFERENT);
}
