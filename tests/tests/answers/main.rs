//! The book's code that is in no crate: the answers to its exercises, a file for each chapter, whose anchors the chapter includes,
//! with the tests that hold them; two chapters' programs; and the lines of the appendix "From Node to here".

mod agent;
mod asked;
mod attacks;
mod between;
mod bigpipe;
mod bodies;
mod bytes;
mod client;
mod closures;
mod compression;
mod cookies;
mod escaping;
mod event_loop;
mod event_stream;
mod frames;
mod from_koa;
mod from_node;
mod h2_client;
mod h2_floods;
mod h2_frames;
mod h2_server;
mod h2_streams;
mod h2_when;
mod h2_windows;
mod handshake;
mod head;
mod hpack;
mod includes;
mod measuring;
mod messages;
mod multipart;
mod one_port;
mod onion;
mod processes;
mod routing;
mod server;
mod staying_up;
mod tcp;
mod tls;
mod udp;
mod web_bodies;
mod web_caching;
mod web_compressing;
mod web_errors;
mod web_files;
mod web_reading;
mod web_rules;
mod web_sessions;
mod web_views;

// The steps of "From string replacement to closures"; each uses a part of the others.
#[allow(dead_code)]
#[path = "../../../template/examples/template_steps/data.rs"]
mod data;
#[allow(dead_code)]
#[path = "../../../template/examples/template_steps/replace.rs"]
mod replace;
#[allow(dead_code)]
#[path = "../../../template/examples/template_steps/scan.rs"]
mod scan;
#[allow(dead_code)]
#[path = "../../../template/examples/template_steps/slots.rs"]
mod slots;
#[allow(dead_code)]
#[path = "../../../template/examples/template_steps/tree.rs"]
mod tree;
