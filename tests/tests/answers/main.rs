//! The answers to the book's exercises: a file for each chapter, whose anchors the chapter includes, with the tests that hold
//! them.

mod attacks;
mod between;
mod bodies;
mod client;
mod cookies;
mod event_loop;
mod h2_frames;
mod h2_streams;
mod h2_windows;
mod head;
mod hpack;
mod measuring;
mod multipart;
mod processes;
mod routing;
mod server;
mod tcp;
mod tls;
mod udp;
