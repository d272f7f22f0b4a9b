//! The event stream: our encoders and decoders beside those of the registry, in one run.
//!
//! Run: cargo bench -p wirebook-benches --bench sse        (writes benches/results/PROCESSOR/sse.json)
//!
//! Inputs are varied: many payloads of lengths around 12, 180 and 4 096 bytes. Encoders append to what they offer: ours to a
//! buffer that is kept, and once into shared `Bytes` as the channel does; sse-stream takes an owned event and gives
//! `Bytes`; axum has no encoder apart from its response body, so the body is polled. Decoders are fed reads of 16 KiB cut
//! anywhere, and, as on a quiet stream, one read for each event; those that want owned `Bytes` are given slices of one.

mod sse_peers;

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use wirebook_sse::decoder::{by_line, fast};
use wirebook_sse::{Event, Limits, encoder};

/// Middle length, and how many payloads: enough to be varied, few enough to stay in the cache.
const SIZES: [(usize, usize); 3] = [(12, 512), (180, 512), (4096, 32)];
const READ: usize = 16 * 1024;

/// Lines of text as events carry them, with lengths a quarter around the middle.
fn payloads(middle: usize, count: usize) -> Vec<String> {
    let mut state = 42u64;
    let mut random = move |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    let alphabet = b"abcdefghijklmnopqrstuvwxyz0123456789{}\":,. ";
    (0..count)
        .map(|_| {
            let length = middle - middle / 4 + random(middle / 2 + 1);
            (0..length).map(|_| alphabet[random(alphabet.len())] as char).collect()
        })
        .collect()
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    for (size, count) in SIZES {
        let payloads = payloads(size, count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("wirebook", size), |b| {
            let mut out = Vec::with_capacity(2 * size);
            b.iter(|| {
                for payload in &payloads {
                    out.clear();
                    encoder::encode(Event::data(black_box(payload)), &mut out).unwrap();
                    black_box(&out);
                }
            });
        });
        group.bench_function(BenchmarkId::new("wirebook, shared", size), |b| {
            let mut out = Vec::with_capacity(2 * size);
            b.iter(|| {
                for payload in &payloads {
                    out.clear();
                    encoder::encode(Event::data(black_box(payload)), &mut out).unwrap();
                    black_box(Bytes::copy_from_slice(&out));
                }
            });
        });
        group.bench_function(BenchmarkId::new("wirebook, naive", size), |b| {
            b.iter(|| {
                for payload in &payloads {
                    black_box(encoder::encode_naive(Event::data(black_box(payload))).unwrap());
                }
            });
        });
        group.bench_function(BenchmarkId::new("sse-stream", size), |b| {
            b.iter(|| sse_peers::encode_sse_stream(&payloads))
        });
        group.bench_function(BenchmarkId::new("axum", size), |b| {
            b.iter_batched(|| payloads.clone(), sse_peers::encode_axum, criterion::BatchSize::LargeInput);
        });
    }
    group.finish();
}

macro_rules! drain {
    ($decoder:ty, $reads:expr) => {{
        let mut decoder = <$decoder>::new(Limits::default(), "");
        let mut events = 0;
        for read in $reads {
            let mut rest: &[u8] = black_box(read);
            while let (used, Some(event)) = decoder.receive(rest).unwrap() {
                black_box(event);
                events += 1;
                rest = &rest[used..];
            }
        }
        events
    }};
}

fn decode(criterion: &mut Criterion) {
    for (name, whole_reads) in [("decode, 16 KiB reads", true), ("decode, one event a read", false)] {
        let mut group = criterion.benchmark_group(name);
        for (size, count) in SIZES {
            let mut stream = Vec::new();
            let mut ends = vec![0];
            for payload in payloads(size, count) {
                encoder::encode(Event::data(&payload), &mut stream).unwrap();
                ends.push(stream.len());
            }
            if whole_reads {
                ends = (0..stream.len()).step_by(READ).chain([stream.len()]).collect();
            }
            let stream = Bytes::from(stream);
            let reads: Vec<Bytes> = ends.windows(2).map(|pair| stream.slice(pair[0]..pair[1])).collect();
            group.throughput(Throughput::Elements(count as u64));
            let mut bench = |name: &str, run: &dyn Fn(&[Bytes], usize) -> usize| {
                assert_eq!(run(&reads, count), count, "{name} decodes every event");
                group.bench_function(BenchmarkId::new(name, size), |b| b.iter(|| run(&reads, count)));
            };
            bench("wirebook", &|reads, _| drain!(fast::Decoder, reads));
            bench("wirebook, by line", &|reads, _| drain!(by_line::Decoder, reads));
            bench("sse-stream", &sse_peers::decode_sse_stream);
            bench("sse-core", &sse_peers::decode_sse_core);
            bench("sseer", &sse_peers::decode_sseer);
            bench("sse-parse", &sse_peers::decode_sse_parse);
            bench("eventsource-client", &sse_peers::decode_eventsource_client);
            bench("eventsource-stream", &sse_peers::decode_eventsource_stream);
        }
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(600))
        .sample_size(20)
        .without_plots()
        .configure_from_args();
    encode(&mut criterion);
    decode(&mut criterion);
    criterion.final_summary();
    if std::env::args().any(|argument| argument == "--bench") {
        sse_peers::results::write(&SIZES.map(|(size, count)| (size, count)));
    }
}
