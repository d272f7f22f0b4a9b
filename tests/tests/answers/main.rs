//! The answers to the book's exercises: a file for each chapter, whose anchors the chapter includes, with the tests that hold
//! them.

mod attacks;
mod between;
mod bigpipe;
mod bodies;
mod client;
mod closures;
mod compression;
mod cookies;
mod escaping;
mod event_loop;
mod frames;
mod h2_frames;
mod h2_streams;
mod h2_windows;
mod handshake;
mod head;
mod hpack;
mod includes;
mod measuring;
mod messages;
mod multipart;
mod one_port;
mod processes;
mod routing;
mod server;
mod staying_up;
mod tcp;
mod tls;
mod udp;

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
