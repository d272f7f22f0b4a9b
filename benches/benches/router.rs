//! The router: ours beside matchit, on GitHub's 130 paths in a shuffled order, taking turns in one run.
//!
//! Run: cargo bench -p wirebook-benches --bench router       (writes benches/results/PROCESSOR/router.json)
//!
//! There are sixteen requests for each path, with different values for its parameters, because one request repeated flatters
//! every branch predictor. `look_up` is a washed path and a method to a route; matchit has neither washing nor methods.
//! `washed` is the same from the path as it came. `many` is a table of 10,000 routes, 130 of which are asked for.

use std::hint::black_box;
use wirebook_benches::{Results, Rounds, sys, wanted};
use wirebook_web::router::{Found, Method, Path, Router, Routes, Spans, wash};

const ROUNDS: usize = 15;
const REQUESTS: usize = 16;

fn patterns() -> Vec<&'static str> {
    include_str!("github.txt").lines().collect()
}

/// The patterns, with further ones that nobody asks for.
fn many() -> Vec<String> {
    let more = (0..9_870).map(|number| format!("/more/{}/{{a}}/n{}/{{b}}", number % 97, number / 97));
    patterns().into_iter().map(String::from).chain(more).collect()
}

fn paths() -> Vec<String> {
    let mut state = 42u64;
    let mut random = move |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    let words = [
        "octocat",
        "hello-world",
        "7",
        "1296269",
        "main",
        "v1",
        "rust-lang",
        "README",
        "6dcb09b5b57875f334f61aebed695e2e",
    ];
    let mut paths = Vec::new();
    for pattern in patterns().repeat(REQUESTS) {
        let segments = pattern.split('/').map(|segment| match segment.starts_with('{') {
            true => words[random(words.len())],
            false => segment,
        });
        paths.push(segments.collect::<Vec<_>>().join("/"));
    }
    for at in (1..paths.len()).rev() {
        paths.swap(at, random(at + 1));
    }
    paths
}

fn ours(patterns: &[impl AsRef<str>]) -> Router<usize> {
    let mut routes = Routes::new();
    for (at, pattern) in patterns.iter().enumerate() {
        routes.add("GET", pattern.as_ref(), at).expect("a pattern");
    }
    routes.build().expect("a router")
}

fn theirs(patterns: &[impl AsRef<str>]) -> matchit::Router<usize> {
    let mut router = matchit::Router::new();
    for (at, pattern) in patterns.iter().enumerate() {
        router.insert(pattern.as_ref(), at).expect("a pattern");
    }
    router
}

/// Nanoseconds of CPU time for each path, of whatever `run` does with all of them.
fn per_path(paths: usize, mut run: impl FnMut()) -> f64 {
    const TIMES: usize = 20;
    let start = sys::thread_cpu();
    for _ in 0..TIMES {
        run();
    }
    (sys::thread_cpu() - start) as f64 / (TIMES * paths) as f64
}

fn find(router: &Router<usize>, path: &Path<'_>, spans: &mut Spans) {
    let Found::Route(found) = router.find("localhost", black_box(Method::Get), path, spans) else {
        panic!("{path:?} has no route")
    };
    black_box(found.route().value());
}

fn look_up(patterns: &[impl AsRef<str>], paths: &[String], is_washed: bool) -> Rounds {
    let (ours, theirs, mut spans) = (ours(patterns), theirs(patterns), Spans::default());
    let washed: Vec<Path<'_>> = paths.iter().map(|path| wash(path).expect("a clean path")).collect();
    Rounds::take(vec!["wirebook", "matchit"], ROUNDS, |at| {
        per_path(paths.len(), || match at {
            0 if is_washed => washed.iter().for_each(|path| find(&ours, black_box(path), &mut spans)),
            0 => paths.iter().for_each(|path| find(&ours, &wash(black_box(path)).expect("a clean path"), &mut spans)),
            _ => paths.iter().for_each(|path| {
                black_box(theirs.at(black_box(path)).expect("a route").value);
            }),
        })
    })
}

fn main() {
    let (patterns, paths) = (patterns(), paths());
    let mut results = Results::open("router");
    let mut add = |part: &str, rounds: &dyn Fn() -> Rounds| {
        if wanted(part) {
            eprintln!("{part}, ns for each path");
            results.set(part, rounds().rows("contestant", "ns", &["matchit"]).into());
        }
    };
    add("look_up", &|| look_up(&patterns, &paths, true));
    add("washed", &|| look_up(&patterns, &paths, false));
    add("many", &|| look_up(&many(), &paths, true));
    results.save();
}
