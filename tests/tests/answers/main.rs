//! The answers to the book's exercises: a file for each chapter, whose anchors the chapter includes, with the tests that hold
//! them.

mod attacks;
mod bodies;
mod client;
mod event_loop;
mod head;
mod hpack;
mod measuring;
mod server;
mod tcp;
mod tls;
mod udp;
