//! The trace says what the loop did, in order, and its file is JSON that a trace viewer opens.

use std::time::Duration;
use wirebook_net::{
    self as net, sim,
    trace::{self, Lane, Step},
};

#[test]
fn a_small_program_leaves_the_trace_that_it_should() {
    let events = sim::run(1, async {
        trace::start();
        net::next_tick(|| trace::note("a tick"));
        let never = net::set_immediate(|| {});
        net::clear(never);
        net::sleep(Duration::from_millis(5)).await;
        trace::take()
    });
    let told: Vec<String> = events
        .unwrap()
        .into_iter()
        .map(|event| match event.text {
            Some(text) => text,
            None => format!("{} {:?}", event.lane.name(), event.step).to_lowercase(),
        })
        .collect();
    let expected = [
        "tick queued",
        "immediate queued",
        "immediate cleared",
        "timer queued",
        "task end",
        "tick begin",
        "a tick",
        "tick end",
        "timers begin",
        "timers end",
        "pending begin",
        "pending end",
        "prepare begin",
        "1 timer",
        "prepare end",
        "poll begin",
        "poll end",
        "check begin",
        "check end",
        "closing begin",
        "closing end",
        "timers begin",
        "timer begin",
        "task queued",
        "timer end",
        "task begin",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_loop_that_is_not_traced_remembers_nothing() {
    let events = net::block_on(async {
        net::sleep(Duration::from_millis(1)).await;
        trace::note("unheard");
        trace::take()
    });
    assert!(events.unwrap().is_empty());
}

#[test]
fn the_json_is_in_the_trace_event_format() {
    let events = sim::run(1, async {
        trace::start();
        net::set_timeout(|| trace::note("with \"quotes\" \\ and\ncontrol"), Duration::from_millis(3));
        net::sleep(Duration::from_millis(9)).await;
        trace::take()
    });
    let events = events.unwrap();
    let json: serde_json::Value = serde_json::from_str(&trace::to_json(&events)).unwrap();
    let written = json["traceEvents"].as_array().unwrap();
    assert_eq!(written.len(), events.len());
    assert!(written.iter().any(|event| event["name"] == "with \"quotes\" \\ and\ncontrol"));
    let mut depth = 0;
    for (event, written) in events.iter().zip(written) {
        assert_eq!(written["ts"].as_f64().unwrap(), event.at.as_nanos() as f64 / 1000.0);
        assert_eq!(
            written["ph"],
            match event.step {
                Step::Begin => "B",
                Step::End => "E",
                Step::Queued | Step::Cleared => "i",
            }
        );
        depth += i32::from(event.step == Step::Begin) - i32::from(event.step == Step::End);
    }
    assert!(depth.abs() <= 1, "what begins ends, but for the task that traces");
    assert!(events.iter().any(|event| event.lane == Lane::Timer && event.step == Step::Begin));
}

/// `WIREBOOK_TRACE` is read by a process of its own: the test itself, started again.
#[test]
fn the_environment_makes_a_file() {
    if std::env::var_os("WIREBOOK_TRACE").is_some() {
        return net::block_on(net::sleep(Duration::from_millis(1))).unwrap();
    }
    let path = std::env::temp_dir().join(format!("wirebook-trace-{}.json", std::process::id()));
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "trace::the_environment_makes_a_file"])
        .env("WIREBOOK_TRACE", &path)
        .status();
    assert!(status.unwrap().success());
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(json["traceEvents"].as_array().unwrap().iter().any(|event| event["name"] == "poll"));
}
